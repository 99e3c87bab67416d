# Settings that make builds fast and do not change the result. Each can be turned off:
#   -DCMAKE_UNITY_BUILD=OFF   one source at a time, as CI's step "one source at a time" builds what changed
#   -DBROWNOUT_CCACHE=OFF     no compiler cache
#   -DBROWNOUT_LINKER=bfd     another linker

# A compiler spends most of its time on headers, which sources that are compiled together (unity build) read only
# once. Names in anonymous namespaces of one library must differ for that; the tidy test checks it.
if(NOT DEFINED CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD ON)
endif()
if(NOT DEFINED CMAKE_UNITY_BUILD_BATCH_SIZE)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
endif()

# ccache uses paths relative to the root and does not hash the folder, so that clones share compiled objects.
option(BROWNOUT_CCACHE "use ccache where it is installed" ON)
find_program(CCACHE ccache)
if(BROWNOUT_CCACHE AND CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  foreach(language C CXX)
    set(CMAKE_${language}_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
        ${CCACHE})
  endforeach()
endif()
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)

# Chooses the linker mold if it is installed, which links a test program in a tenth of GNU ld's
# time.
find_program(MOLD mold)
if(MOLD)
  set(linker mold)
else()
  set(linker bfd)
endif()
set(BROWNOUT_LINKER ${linker} CACHE STRING "bfd, gold, lld or mold")
add_link_options(-fuse-ld=${BROWNOUT_LINKER})
