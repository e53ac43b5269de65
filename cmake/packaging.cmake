# `cmake --install` and the Debian package: `compose` in bin, `compose-shim` in libexec/compose, where `compose` looks for it
# after its own directory, the manual page and the completion.
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # a package needs the programs, not the tests
if(TARGET compose)
  install(TARGETS compose RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET compose-shim)
  install(TARGETS compose-shim RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/compose)
endif()
install(FILES docs/man/compose.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/completion/compose.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME compose)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME compose)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_CONTACT "The compose maintainers <maintainers@compose.invalid>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
include(CPack)
