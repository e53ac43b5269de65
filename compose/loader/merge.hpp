#pragma once
// Phase: lays one model over another. Both are in canonical form, so that most of it is: mappings merge,
// scalars replace, lists append; merge.cpp has a table of the attributes that differ. `!reset` and
// `!override` are obeyed here.
#include "compose/loader/node.hpp"

namespace compose::loader {

// `over` wins. Places where the two do not fit are reported at `over`. With `keep_directives` the result
// remembers what `over` reset or overrode, so that laying it over a third model does the same again (a
// service that extends another).
void merge(Node& base, Node over, Diagnostics& diagnostics, bool keep_directives = false);

// The same for a single service.
void merge_service(Node& base, Node over, Diagnostics& diagnostics);

// Removes what is marked `!reset` and forgets the other directives.
void apply_directives(Node& node);

// Collapses entries of lists that mean the same (two mounts on one target): the later one takes the earlier
// one's place.
void remove_duplicates(Node& document);

}  // namespace compose::loader
