# How every target of the project is compiled: standard, warnings, sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

find_program(COMPOSE_CCACHE ccache)
if(COMPOSE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${COMPOSE_CCACHE}")
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
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds>)
target_compile_definitions(compose_settings INTERFACE
  COMPOSE_VERSION="${PROJECT_VERSION}" $<$<BOOL:${COMPOSE_FAULT_POINTS}>:COMPOSE_FAULT_POINTS>)
target_compile_options(compose_settings INTERFACE -fno-plt -ffunction-sections -fdata-sections)
target_link_options(compose_settings INTERFACE -Wl,--gc-sections)

if(COMPOSE_SANITIZE)
  target_compile_options(compose_settings INTERFACE
    -fsanitize=${COMPOSE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(compose_settings INTERFACE -fsanitize=${COMPOSE_SANITIZE})
endif()
if(COMPOSE_COVERAGE)
  target_compile_options(compose_settings INTERFACE --coverage)
  target_link_options(compose_settings INTERFACE --coverage)
endif()
if(COMPOSE_FUZZ)
  target_compile_options(compose_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()

# compose_library(NAME SOURCES... LINK ...): a static library of ours with the settings above.
function(compose_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC compose_settings ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
endfunction()
