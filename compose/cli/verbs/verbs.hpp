#pragma once
// One maker for each verb; the table in verbs.cpp names them.
#include "compose/cli/verb.hpp"

namespace compose::cli {

std::unique_ptr<Verb> make_attach();
std::unique_ptr<Verb> make_build();
std::unique_ptr<Verb> make_commit();
std::unique_ptr<Verb> make_config();
std::unique_ptr<Verb> make_cp();
std::unique_ptr<Verb> make_create();
std::unique_ptr<Verb> make_down();
std::unique_ptr<Verb> make_events();
std::unique_ptr<Verb> make_exec();
std::unique_ptr<Verb> make_export();
std::unique_ptr<Verb> make_help();
std::unique_ptr<Verb> make_image();
std::unique_ptr<Verb> make_images();
std::unique_ptr<Verb> make_kill();
std::unique_ptr<Verb> make_logs();
std::unique_ptr<Verb> make_ls();
std::unique_ptr<Verb> make_pause();
std::unique_ptr<Verb> make_port();
std::unique_ptr<Verb> make_ps();
std::unique_ptr<Verb> make_pull();
std::unique_ptr<Verb> make_push();
std::unique_ptr<Verb> make_restart();
std::unique_ptr<Verb> make_rm();
std::unique_ptr<Verb> make_run();
std::unique_ptr<Verb> make_scale();
std::unique_ptr<Verb> make_start();
std::unique_ptr<Verb> make_stats();
std::unique_ptr<Verb> make_stop();
std::unique_ptr<Verb> make_top();
std::unique_ptr<Verb> make_unpause();
std::unique_ptr<Verb> make_up();
std::unique_ptr<Verb> make_version();
std::unique_ptr<Verb> make_volumes();
std::unique_ptr<Verb> make_wait();

}  // namespace compose::cli
