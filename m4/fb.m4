# Macros of this project's configure.ac. fb_missing gathers what was not found, so that one run of
# configure names every missing package.

# FB_MISSING(WHAT, DEBIAN-PACKAGE)
AC_DEFUN([FB_MISSING], [
  fb_missing="$fb_missing
  $1: install Debian's package $2"
  fb_missing_packages="$fb_missing_packages $2"
])

# FB_PKG(VARIABLE-PREFIX, PKG-CONFIG-SPEC, WHAT, DEBIAN-PACKAGE)
AC_DEFUN([FB_PKG], [
  PKG_CHECK_MODULES([$1], [$2], [], [FB_MISSING([$3], [$4])])
])

# FB_LIB(VARIABLE, HEADER, FUNCTION, LIBRARY, WHAT, DEBIAN-PACKAGE): for libraries without a .pc file.
AC_DEFUN([FB_LIB], [
  AC_ARG_VAR([$1], [linker flags for $5])
  AC_CHECK_HEADER([$2], [fb_found=yes], [fb_found=no])
  AS_IF([test "$fb_found" = yes && test -z "${$1}"], [
    fb_save_LIBS=$LIBS
    AC_CHECK_LIB([$4], [$3], [$1=-l$4], [fb_found=no], [-lm])
    LIBS=$fb_save_LIBS
  ])
  AS_IF([test "$fb_found" = no], [FB_MISSING([$5], [$6])])
])

# FB_CC_FLAGS(VARIABLE, FLAGS): appends each flag the compiler takes without a word.
AC_DEFUN([FB_CC_FLAGS], [
  for fb_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether $CC takes $fb_flag])
    fb_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $fb_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes]); $1="${$1} $fb_flag"],
      [AC_MSG_RESULT([no])])
    CFLAGS=$fb_save_CFLAGS
  done
])
