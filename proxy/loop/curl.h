// curl() gives access to libcurl, which is loaded at the first call (dlopen). Linking it would load
// its thirty or so dependencies at each start, which would dominate the start-up time of `brownout
// exec`, where it is not needed.
//
// The functions have the names of libcurl's manual without "curl_"; free_text is curl_free. Safe on
// any thread.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace brownout::proxy {

struct CurlLibrary {
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_easy_escape) easy_escape;
  decltype(&curl_multi_init) multi_init;
  decltype(&curl_multi_cleanup) multi_cleanup;
  decltype(&curl_multi_setopt) multi_setopt;
  decltype(&curl_multi_add_handle) multi_add_handle;
  decltype(&curl_multi_remove_handle) multi_remove_handle;
  decltype(&curl_multi_socket_action) multi_socket_action;
  decltype(&curl_multi_info_read) multi_info_read;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
  decltype(&curl_free) free_text;
};

// Returns the functions of libcurl. If it is not installed, every request fails with
// CURLE_FAILED_INIT, and easy_strerror() returns the reason.
const CurlLibrary& curl();

struct CurlFree {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
  void operator()(char* text) const { curl().free_text(text); }
};
using CurlHandle = std::unique_ptr<CURL, CurlFree>;
using CurlList = std::unique_ptr<curl_slist, CurlFree>;
using CurlText = std::unique_ptr<char, CurlFree>;

}  // namespace brownout::proxy
