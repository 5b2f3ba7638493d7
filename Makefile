# SPDX-License-Identifier: GPL-2.0
# For people; the kernel's build system reads Kbuild instead.

KDIR ?= /lib/modules/$(shell uname -r)/build
VERSION := $(shell sed -n 's/^.define SKBTRACE_VERSION "\(.*\)"/\1/p' include/skbtrace/version.h)

# What was given for the virtual machine; its scripts run elsewhere, hence abspath.
given = $(if $(filter command% environment%,$(origin $(1))),$(1)='$(2)')
vm_env := $(foreach v,KERNEL MODULES KDIR,$(call given,$(v),$(abspath $($(v))))) \
	  $(foreach v,CC VMKERNEL TESTS KERNELS LONG LANES,$(call given,$(v),$($(v))))

all: module tools

module: headers
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C tools

headers:
	@[ -e $(KDIR)/Makefile ] || { \
		echo 'error: no kernel headers in $(KDIR)'; \
		echo '  Debian, Ubuntu:  apt-get install linux-headers-$$(uname -r)'; \
		echo '  RHEL, Fedora:    dnf install kernel-devel-$$(uname -r)   (or yum)'; \
		echo '  another kernel:  make KDIR=/path/of/its/build'; \
		echo '  just to try it:  make demo'; \
		exit 1; } >&2

modules_install: module
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install

install uninstall static:
	$(MAKE) -C tools $@

# What git has committed or, outside of git, all that .gitignore does not name. The
# same tree gives the same bytes.
dist := skbtrace-$(VERSION)
dist:
	@if git ls-files --error-unmatch Kbuild >/dev/null 2>&1; then \
		git diff --quiet HEAD || echo 'dist: what is not committed is left out' >&2; \
		git -c tar.umask=022 archive --prefix=$(dist)/ -o $(dist).tar HEAD; \
	else \
		find . -name .cache -prune -o -name .gitignore \
			-exec sed '/^#/d; s,/$$,,; s,^/,./,' {} + | \
		tar --exclude=./.git --exclude-from=- --sort=name --format=gnu --numeric-owner \
			--owner=0 --group=0 --mode=u+rwX,go+rX,go-w \
			--mtime="@$$(stat -c %Y include/skbtrace/version.h)" \
			--transform='s,^\.,$(dist),' -cf $(dist).tar .; \
	fi
	@gzip -9nf $(dist).tar
	@echo $(dist).tar.gz

# Packages for RHEL 7 to 9, and for Debian and Ubuntu, in packages/: the reader, and the
# module's sources for DKMS. With KDIR= also the module, built for that kernel alone.
# What git has committed is packed, as with dist.
kmod := $(if $(filter command% environment%,$(origin KDIR)),\
	  --with kmod --define 'kdir $(abspath $(KDIR))')
rpm: dist
	@command -v rpmbuild >/dev/null || { \
		echo 'error: no rpmbuild here: yum install rpm-build, or apt-get install rpm' >&2; \
		exit 1; }
	mkdir -p packages .cache/rpm
	sed 's/@VERSION@/$(VERSION)/' tools/package/skbtrace.spec.in >.cache/rpm/skbtrace.spec
	rpmbuild -bb --nodeps $(kmod) --define '_topdir $(CURDIR)/.cache/rpm' \
		--define '_sourcedir $(CURDIR)' --define '_rpmdir $(CURDIR)/packages' \
		--define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
		.cache/rpm/skbtrace.spec

deb: dist
	@command -v dh_dkms >/dev/null || { \
		echo 'error: no dh_dkms here: apt-get install dpkg-dev debhelper dh-dkms' >&2; \
		exit 1; }
	mkdir -p packages
	rm -rf .cache/deb && mkdir -p .cache/deb
	tar -C .cache/deb -xzf $(dist).tar.gz
	cp -r .cache/deb/$(dist)/tools/package/debian .cache/deb/$(dist)
	printf '%s\n' 'skbtrace ($(VERSION)) unstable; urgency=low' '' '  * See CHANGELOG.' '' \
		" -- skbtrace developers <skbtrace@localhost>  $$(date -R)" \
		>.cache/deb/$(dist)/debian/changelog
	cd .cache/deb/$(dist) && dpkg-buildpackage -b -us -uc -d
	mv .cache/deb/skbtrace_*.deb .cache/deb/skbtrace-dkms_*.deb packages

# For Secure Boot: KEY and CERT are those that "mokutil --import" made known.
sign: module
	@[ -r '$(KEY)' ] && [ -r '$(CERT)' ] || { \
		echo 'error: make sign KEY=MOK.priv CERT=MOK.der: see Secure Boot in skbtrace(4)' >&2; \
		exit 1; }
	$(KDIR)/scripts/sign-file sha256 '$(KEY)' '$(CERT)' skbtrace.ko

clean:
	$(MAKE) -C tools clean
	rm -f *.ko *.o *.mod *.mod.c .*.cmd modules.order Module.symvers \
		module/compat_have.h
	rm -f $(foreach dir,module include/skbtrace,$(dir)/*.o $(dir)/*.mod $(dir)/.*.cmd)
	rm -rf .tmp_versions

distclean: clean
	rm -rf .cache packages skbtrace-*.tar.gz

demo:
	selftests/setup.sh demo
	$(vm_env) selftests/vm/run.sh -- ./demo.sh

vm:
	selftests/setup.sh demo
	$(vm_env) selftests/vm/run.sh --shell

# What each of them runs is said in selftests/table.
check check-all check-debug:
	selftests/setup.sh $(if $(TESTS)$(filter check-all,$@),check-all,check)
	$(vm_env) selftests/check.sh $@

matrix:
	@selftests/matrix.sh

# What tracing a packet costs, in instructions, beside other tracers; takes a while.
bench:
	selftests/setup.sh bench
	$(vm_env) selftests/bench/bench.sh

# The ring's protocol alone, within wider bounds than check has: its model, and mutants
# of it that must fail.
check-model:
	selftests/setup.sh check
	MODEL=full RING_STRESS_SECONDS=60 kselftest_override_timeout=7200 \
	$(MAKE) -C selftests/ring KSELFTEST=$$(selftests/vm/kselftest.sh) \
		OUTPUT=$(CURDIR)/.cache/ring run_tests

# The reader fed with what nobody would write, for hours.
check-fuzz:
	selftests/setup.sh check
	EXECUTIONS=$(or $(EXECUTIONS),10000000) KSELFTEST=$$(selftests/vm/kselftest.sh) \
		selftests/fuzz/fuzz.sh

help:
	@echo 'skbtrace $(VERSION)'
	@echo
	@echo 'For this machine:'
	@echo '  all              module and reader (the default)'
	@echo '  module           skbtrace.ko for the kernel of KDIR'
	@echo '  tools            the reader, tools/skbtrace'
	@echo '  static           the reader for any other machine, tools/skbtrace-static'
	@echo '  modules_install  put the module where modprobe finds it'
	@echo '  install          put the reader into PREFIX (/usr/local); DESTDIR for packages'
	@echo '  uninstall        take it away again'
	@echo '  dist             the sources, $(dist).tar.gz'
	@echo '  rpm, deb         packages for RHEL, for Debian; with KDIR= the module for that kernel'
	@echo '  sign             sign the module for Secure Boot: KEY=FILE CERT=FILE'
	@echo '  clean            remove what was built; distclean: downloads too'
	@echo
	@echo 'In a virtual machine, nothing is loaded or installed here but packages:'
	@echo '  demo             watch packets cross a bridge, one of them corrupted'
	@echo '  vm               a shell with module, reader and network tools'
	@echo '  check            what must pass before a change is taken; a quarter of an hour'
	@echo '  check-all        all tests in their long form, on every kernel known to the rig; hours'
	@echo '  check-debug      on kernels with KASAN and kmemleak, lockdep, KCSAN, built for that'
	@echo '  matrix           what the last run of all tests came to on each kernel'
	@echo '  bench            instructions that tracing adds to a packet, here and with other tracers'
	@echo '  check-model      the ring protocol: model checker, stress, mutants; half an hour'
	@echo '  check-fuzz       the reader: 10^7 executions of each fuzz target, or EXECUTIONS=N'
	@echo
	@echo 'Variables:'
	@echo '  KDIR=DIR         build folder of a kernel [$(KDIR)]'
	@echo '  TESTS="..."      for check: only these, of selftests/table'
	@echo '  KERNELS="..."    for check: on these, by names that selftests/vm/kernel.sh knows'
	@echo '  KERNEL=IMAGE MODULES=DIR KDIR=DIR'
	@echo '                   for check, demo and vm: this kernel instead, DIR being its'
	@echo '                   /lib/modules/VERSION and its build folder'
	@echo '  VMKERNEL=NAME    for demo and vm: the kernel of that name [6.1]'
	@echo '  LONG=1           for check: the long form of each test'
	@echo '  LANES=N          for check: so many at a time [one a processor]'
	@echo '  CC=COMPILER      for the module; outside of virtual machines also the reader'
	@echo '  SKBTRACE_CACHE=DIR   downloads, builds and logs [.cache]'

.PHONY: all module tools headers modules_install install uninstall static \
	dist rpm deb sign clean distclean demo vm check check-all check-debug matrix bench check-model check-fuzz help
