# Stands for the unit tests where configure found no check library to build them with.
use strict;
use warnings;
use Test::More skip_all =>
    "no unit test was built: install Debian's package check, then configure and build again";
