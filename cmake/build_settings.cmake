# How every target of the project is compiled: standard, warnings, sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# What a report of a sanitizer needs: lines and frames. Fuzzers have to be fast, tests have to be compiled soon.
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
if(COMPOSE_FUZZ)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

find_program(COMPOSE_CCACHE ccache)
if(COMPOSE_CCACHE)
  # The sloppiness is what ccache needs to look into precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${COMPOSE_CCACHE})
endif()

add_library(compose_settings INTERFACE)
target_include_directories(compose_settings INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(compose_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough -Wformat=2 -Werror
  # Designated initialisers name what differs; the defaults of the rest are in the struct.
  -Wno-missing-field-initializers
  # clang: a lambda in a template may need its capture in one instantiation only.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-unused-lambda-capture>
  # GCC 12 reports these from inside its own headers when optimising.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds>)
target_compile_definitions(compose_settings INTERFACE COMPOSE_VERSION="${PROJECT_VERSION}")
target_compile_options(compose_settings INTERFACE -fno-plt -ffunction-sections -fdata-sections)
target_link_options(compose_settings INTERFACE -Wl,--gc-sections)
# Some 28,000 relative relocations of a position-independent program as a bitmap: the loader reads 10 kB of them at each start
# instead of 700. Not every linker knows it, or makes a program of it that starts.
include(CheckCXXSourceRuns)
set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-z,pack-relative-relocs)
check_cxx_source_runs("int main() { return 0; }" COMPOSE_PACKS_RELOCATIONS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(COMPOSE_PACKS_RELOCATIONS)
  target_link_options(compose_settings INTERFACE -Wl,-z,pack-relative-relocs)
endif()

if(COMPOSE_SANITIZE)
  # Reading through null ends the program without a check before each access, and every check is code to compile. The fuzzers, which
  # see what parsers do with foreign bytes, check each address as well; in the whole program that is half of the code.
  set(unchecked null,object-size,vptr)
  if(NOT COMPOSE_FUZZ)
    string(APPEND unchecked ,alignment,pointer-overflow)
  endif()
  target_compile_options(compose_settings INTERFACE
    -fsanitize=${COMPOSE_SANITIZE} -fno-sanitize=${unchecked} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(compose_settings INTERFACE -fsanitize=${COMPOSE_SANITIZE})
endif()
if(COMPOSE_COVERAGE)
  target_compile_options(compose_settings INTERFACE --coverage)
  target_link_options(compose_settings INTERFACE --coverage)
endif()
if(COMPOSE_FUZZ)
  target_compile_options(compose_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Two things make a build from nothing short. Headers that take most of the time of each file are compiled once: the standard
# containers, and Asio for the few targets that run coroutines. And the sources of a library are compiled some at a time
# (COMPOSE_UNITY=OFF: each for itself), so that what they instantiate in common is instantiated once. No file relies on either:
# every file includes what it uses, and a name in an anonymous namespace is the only one of its library.
option(COMPOSE_UNITY "Compile the sources of a library some at a time" ON)
set(precompiled_standard <algorithm> <chrono> <cstdint> <functional> <map> <memory> <optional> <set> <span> <string>
  <string_view> <utility> <variant> <vector>)
set(precompiled_asio <boost/asio/any_io_executor.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
  <boost/asio/detached.hpp> <boost/asio/io_context.hpp> <boost/asio/posix/stream_descriptor.hpp> <boost/asio/post.hpp>
  <boost/asio/redirect_error.hpp> <boost/asio/signal_set.hpp> <boost/asio/steady_timer.hpp>
  <boost/asio/this_coro.hpp> <boost/asio/use_awaitable.hpp>)

# share_headers(TARGET OWNER HEADERS...): TARGET uses the precompiled headers of OWNER, which is made when first asked for, with
# what else its users are compiled with (LINK, OPTIONS).
function(share_headers target owner)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINK;OPTIONS" ${ARGN})
  if(NOT TARGET ${owner})
    file(WRITE "${CMAKE_BINARY_DIR}/${owner}.cpp" "")
    add_library(${owner} OBJECT "${CMAKE_BINARY_DIR}/${owner}.cpp")
    target_link_libraries(${owner} PRIVATE compose_settings ${ARG_LINK})
    target_compile_options(${owner} PRIVATE ${ARG_OPTIONS})
    target_precompile_headers(${owner} PRIVATE ${ARG_HEADERS})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${owner})
endfunction()

# compile_together(TARGET): by what the target links and how many sources it has.
function(compile_together target)
  get_target_property(linked ${target} LINK_LIBRARIES)
  if("third_party_asio" IN_LIST linked OR "scheduler" IN_LIST linked)
    share_headers(${target} headers_asio HEADERS ${precompiled_standard} ${precompiled_asio} LINK third_party_asio)
  else()
    share_headers(${target} headers_standard HEADERS ${precompiled_standard})
  endif()
  if(COMPOSE_UNITY)
    unity(${target})
  endif()
endfunction()

# unity(TARGET): as few compilations as keep two cores busy and the rebuild after one change short.
function(unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 10)
  # The compiler takes what the files include for part of their own header.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

# compose_library(NAME SOURCES... LINK ...): a static library of ours with the settings above.
function(compose_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC compose_settings ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
  list(LENGTH ARG_SOURCES files)
  if(files GREATER 2)
    compile_together(${name})
  endif()
endfunction()

# program(NAME SOURCES... LINK ...): an executable that is shipped, and the same one with its fault points alive, which the
# target fault_programs makes in faults/ for the tests. Both are linked from the same objects.
function(program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  add_executable(${name}_faults EXCLUDE_FROM_ALL ${ARG_SOURCES} "${PROJECT_SOURCE_DIR}/base/fault.cpp")
  foreach(target ${name} ${name}_faults)
    target_link_libraries(${target} PRIVATE ${ARG_LINK})
    compile_together(${target})
  endforeach()
  set_target_properties(${name}_faults PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/faults")
  if(NOT TARGET fault_programs)
    add_custom_target(fault_programs)
  endif()
  add_dependencies(fault_programs ${name}_faults)
endfunction()
