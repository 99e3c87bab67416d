// Includes <ldns/ldns.h> without its macros for bool, true and false, which break C++ headers.
#pragma once

#include <ldns/ldns.h>

#undef bool
#undef true
#undef false
