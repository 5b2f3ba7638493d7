-- SPDX-License-Identifier: GPL-2.0
-- Journeys in PostgreSQL, with psql:
--
--	skbtrace live --json | psql -v host="$(hostname)" -f journeys.sql
--
-- once for each host and file; what is there stays. Of a journey the line is kept without
-- its hops, which are most of it.

CREATE TABLE IF NOT EXISTS journey (
	host		text NOT NULL,
	start		timestamptz NOT NULL,
	latency		interval,
	payload		text NOT NULL,		-- intact, changed or unverified
	ended		text NOT NULL,		-- delivered, dropped, freed or open
	after_point	text,			-- the last hop that had the payload right
	after_dev	text,
	before_point	text,			-- the first that had it wrong
	before_dev	text,
	line		jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS journey_changed ON journey (start) WHERE payload = 'changed';

CREATE TEMPORARY TABLE incoming (line jsonb);
-- Lines as they are: neither of these bytes is in any.
\copy incoming from pstdin with (format csv, quote e'\x01', delimiter e'\x02')
INSERT INTO journey
SELECT :'host', (line->>'start')::timestamptz,
       make_interval(secs => (line->>'latency_ns')::float8 / 1e9),
       line->>'payload', line->>'end',
       line#>>'{changed,after,point}', line#>>'{changed,after,dev}',
       line#>>'{changed,before,point}', line#>>'{changed,before,dev}', line - 'hops' - 'branches'
FROM incoming WHERE line->>'type' = 'journey';
DROP TABLE incoming;

-- Which pairs of hops changed bytes last week, by host?
PREPARE changed_last_week AS
SELECT host, after_point || ' on ' || after_dev AS "right at",
       before_point || ' on ' || before_dev AS "wrong at", count(*) AS journeys,
       min(start) AS first, max(start) AS last
FROM journey WHERE payload = 'changed' AND start > now() - interval '7 days'
GROUP BY 1, 2, 3 ORDER BY journeys DESC, 1, 2, 3;
EXECUTE changed_last_week;
