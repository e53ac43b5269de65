# Every foreign library once, as an imported target with a name of ours. Static where Debian ships an archive: one
# file less to load at each start. Each of these targets is linked by exactly one target of the project (a test checks).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# foreign_library(NAME HEADER file LIBS lib...): prefers lib<lib>.a and falls back to the shared object.
function(foreign_library name)
  cmake_parse_arguments(ARG "" "HEADER" "LIBS;INCLUDE_SUFFIXES" ${ARGN})
  add_library(${name} INTERFACE)
  foreach(lib IN LISTS ARG_LIBS)
    find_library(${name}_${lib}_LIBRARY NAMES lib${lib}.a ${lib} REQUIRED)
    target_link_libraries(${name} INTERFACE ${${name}_${lib}_LIBRARY})
  endforeach()
  find_path(${name}_INCLUDE ${ARG_HEADER} PATH_SUFFIXES ${ARG_INCLUDE_SUFFIXES} REQUIRED)
  target_include_directories(${name} SYSTEM INTERFACE ${${name}_INCLUDE})
endfunction()

foreign_library(third_party_yaml HEADER yaml-cpp/yaml.h LIBS yaml-cpp)
foreign_library(third_party_sqlite HEADER sqlite3.h LIBS sqlite3)
target_link_libraries(third_party_sqlite INTERFACE Threads::Threads m ${CMAKE_DL_LIBS})
foreign_library(third_party_nl HEADER netlink/netlink.h INCLUDE_SUFFIXES libnl3 LIBS nl-route-3 nl-3)
target_link_libraries(third_party_nl INTERFACE Threads::Threads)
foreign_library(third_party_crypto HEADER openssl/evp.h LIBS crypto)
target_link_libraries(third_party_crypto INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
# libssl, with the libcrypto it needs behind it.
foreign_library(third_party_ssl HEADER openssl/ssl.h LIBS ssl crypto)
target_link_libraries(third_party_ssl INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
foreign_library(third_party_archive HEADER archive.h LIBS archive zstd lzma bz2 z)

add_library(third_party_json INTERFACE)
find_path(third_party_json_INCLUDE nlohmann/json.hpp REQUIRED)
target_include_directories(third_party_json SYSTEM INTERFACE ${third_party_json_INCLUDE})

add_library(third_party_asio INTERFACE)
find_path(third_party_asio_INCLUDE boost/asio.hpp REQUIRED)
target_include_directories(third_party_asio SYSTEM INTERFACE ${third_party_asio_INCLUDE})
target_compile_definitions(third_party_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_THREADS
  BOOST_ALL_NO_LIB)
target_link_libraries(third_party_asio INTERFACE Threads::Threads)

add_library(third_party_beast INTERFACE)
target_link_libraries(third_party_beast INTERFACE third_party_asio)

add_library(third_party_cli11 INTERFACE)
find_path(third_party_cli11_INCLUDE CLI/CLI.hpp REQUIRED)
target_include_directories(third_party_cli11 SYSTEM INTERFACE ${third_party_cli11_INCLUDE})

# spdlog and fmt as headers: as shared objects they would be loaded and relocated at every start.
add_library(third_party_spdlog INTERFACE)
find_path(third_party_spdlog_INCLUDE spdlog/spdlog.h REQUIRED)
target_include_directories(third_party_spdlog SYSTEM INTERFACE ${third_party_spdlog_INCLUDE})
target_compile_definitions(third_party_spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
target_link_libraries(third_party_spdlog INTERFACE Threads::Threads)

add_library(third_party_doctest INTERFACE)
find_path(third_party_doctest_INCLUDE doctest/doctest.h REQUIRED)
target_include_directories(third_party_doctest SYSTEM INTERFACE ${third_party_doctest_INCLUDE})
