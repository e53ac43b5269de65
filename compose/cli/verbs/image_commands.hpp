#pragma once
// The commands below `compose image`: verbs of their own, in three files by what they touch.
#include <memory>

#include "compose/cli/verb.hpp"

namespace compose::cli {

// Looking at and changing the store.
std::unique_ptr<Verb> make_image_df();
std::unique_ptr<Verb> make_image_history();
std::unique_ptr<Verb> make_image_inspect();
std::unique_ptr<Verb> make_image_ls();
std::unique_ptr<Verb> make_image_prune();
std::unique_ptr<Verb> make_image_rm();
std::unique_ptr<Verb> make_image_tag();
std::unique_ptr<Verb> make_image_verify();

// In and out of it.
std::unique_ptr<Verb> make_image_import();
std::unique_ptr<Verb> make_image_load();
std::unique_ptr<Verb> make_image_pull();
std::unique_ptr<Verb> make_image_push();
std::unique_ptr<Verb> make_image_save();

}  // namespace compose::cli
