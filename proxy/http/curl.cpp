#include "proxy/http/curl.h"

#include <dlfcn.h>

namespace brownout::proxy {
namespace {

CURLcode set_nothing(CURL*, CURLoption, ...) { return CURLE_FAILED_INIT; }
CURLcode get_nothing(CURL*, CURLINFO, ...) { return CURLE_FAILED_INIT; }

// For a machine without it.
constexpr CurlLibrary kAbsent{
    .easy_init = []() -> CURL* { return nullptr; },
    .easy_cleanup = [](CURL*) {},
    .easy_setopt = &set_nothing,
    .easy_perform = [](CURL*) { return CURLE_FAILED_INIT; },
    .easy_getinfo = &get_nothing,
    .easy_strerror = [](CURLcode) { return "libcurl.so.4 is not installed (libcurl4)"; },
    .easy_escape = [](CURL*, const char*, int) -> char* { return nullptr; },
    .easy_unescape = [](CURL*, const char*, int, int*) -> char* { return nullptr; },
    .slist_append = [](curl_slist*, const char*) -> curl_slist* { return nullptr; },
    .slist_free_all = [](curl_slist*) {},
    .free_text = [](void*) {},
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

// It stays loaded to the end: threads of its own libraries may still run.
CurlLibrary load() {
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return kAbsent;
  CurlLibrary found{};
  decltype(&curl_global_init) global_init = nullptr;
  const bool whole = find(library, "curl_global_init", global_init) &&
                     find(library, "curl_easy_init", found.easy_init) &&
                     find(library, "curl_easy_cleanup", found.easy_cleanup) &&
                     find(library, "curl_easy_setopt", found.easy_setopt) &&
                     find(library, "curl_easy_perform", found.easy_perform) &&
                     find(library, "curl_easy_getinfo", found.easy_getinfo) &&
                     find(library, "curl_easy_strerror", found.easy_strerror) &&
                     find(library, "curl_easy_escape", found.easy_escape) &&
                     find(library, "curl_easy_unescape", found.easy_unescape) &&
                     find(library, "curl_slist_append", found.slist_append) &&
                     find(library, "curl_slist_free_all", found.slist_free_all) &&
                     find(library, "curl_free", found.free_text);
  return whole && global_init(CURL_GLOBAL_ALL) == CURLE_OK ? found : kAbsent;
}

}  // namespace

const CurlLibrary& curl() {
  static const CurlLibrary library = load();
  return library;
}

}  // namespace brownout::proxy
