// <ldns/ldns.h>, without the macros for bool, true and false that it may define and that break the
// standard library's headers in C++.
#pragma once

#include <ldns/ldns.h>

#undef bool
#undef true
#undef false
