# Finds the HTTP parser llhttp: the system's libllhttp, or else the C sources in Debian's package node-llhttp.
#
#   Llhttp_FOUND, target Llhttp::Llhttp
find_path(Llhttp_INCLUDE_DIR llhttp.h PATH_SUFFIXES llhttp)
find_library(Llhttp_LIBRARY llhttp)
find_path(Llhttp_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
find_path(Llhttp_SOURCE_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
if(Llhttp_LIBRARY AND Llhttp_INCLUDE_DIR)
  find_package_handle_standard_args(Llhttp REQUIRED_VARS Llhttp_LIBRARY Llhttp_INCLUDE_DIR)
  if(NOT TARGET Llhttp::Llhttp)
    add_library(Llhttp::Llhttp UNKNOWN IMPORTED)
    set_target_properties(Llhttp::Llhttp PROPERTIES IMPORTED_LOCATION ${Llhttp_LIBRARY}
                          INTERFACE_INCLUDE_DIRECTORIES ${Llhttp_INCLUDE_DIR})
  endif()
else()
  find_package_handle_standard_args(Llhttp REQUIRED_VARS Llhttp_SOURCE_DIR Llhttp_SOURCE_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "install libllhttp-dev, or Debian's node-llhttp, which ships the sources")
  if(Llhttp_FOUND AND NOT TARGET Llhttp::Llhttp)
    add_library(llhttp STATIC ${Llhttp_SOURCE_DIR}/api.c ${Llhttp_SOURCE_DIR}/http.c
                ${Llhttp_SOURCE_DIR}/llhttp.c)
    set_target_properties(llhttp PROPERTIES UNITY_BUILD OFF)
    target_include_directories(llhttp SYSTEM PUBLIC ${Llhttp_SOURCE_INCLUDE_DIR})
    # llhttp before 9.0 is lenient by default: it accepts any byte for the LF at the end of a trailer.
    target_compile_definitions(llhttp PRIVATE LLHTTP_STRICT_MODE=1)
    add_library(Llhttp::Llhttp ALIAS llhttp)
  endif()
endif()
