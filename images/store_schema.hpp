#pragma once
// The tables of room "images" in the state database. Append steps, never edit one.
#include <array>
#include <string_view>

namespace compose::images {

inline constexpr std::array<std::string_view, 13> k_store_schema = {
    // `record`: what `up` needs, in one row (StoredImage as JSON). `document`: the config document, byte for
    // byte.
    "CREATE TABLE images (id TEXT PRIMARY KEY, record TEXT NOT NULL, document TEXT NOT NULL, created TEXT "
    "NOT NULL) "
    "WITHOUT ROWID",
    "CREATE TABLE image_references (reference TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images (id), "
    "tagged_at TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE layers (diff_id TEXT PRIMARY KEY, size INTEGER NOT NULL, tar_size INTEGER NOT NULL, blob "
    "TEXT NOT NULL, "
    "blob_size INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE image_layers (image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE, position "
    "INTEGER NOT NULL, "
    "diff_id TEXT NOT NULL REFERENCES layers (diff_id), PRIMARY KEY (image, position)) WITHOUT ROWID",
    // One result of a build step: `key` digests everything the step depends on.
    "CREATE TABLE build_cache (key TEXT PRIMARY KEY, diff_id TEXT NOT NULL, created TEXT NOT NULL, title "
    "TEXT NOT NULL, "
    "used_at TEXT NOT NULL) WITHOUT ROWID",
    // Digests of the files of one build context, with the stat data that vouches for them (wire form).
    "CREATE TABLE context_memo (context TEXT PRIMARY KEY, entries TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX image_references_by_image ON image_references (image)",
    // `boot`: the boot in which the layer was written, until it is surely on disk (''); 'damaged' when it
    // never got there.
    "ALTER TABLE layers ADD COLUMN boot TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE layers ADD COLUMN made_at INTEGER NOT NULL DEFAULT 0",
    // Where images came from and went to (registry/pull_records.hpp).
    "CREATE TABLE image_manifests (digest TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images (id) ON "
    "DELETE CASCADE, media_type TEXT NOT NULL, document TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE image_digests (repository TEXT NOT NULL, digest TEXT NOT NULL, image TEXT NOT NULL "
    "REFERENCES images (id) ON DELETE CASCADE, PRIMARY KEY (repository, digest)) WITHOUT ROWID",
    "ALTER TABLE image_references ADD COLUMN pulled_at TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE packed_layers (diff_id TEXT PRIMARY KEY REFERENCES layers (diff_id) ON DELETE CASCADE, "
    "digest TEXT NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID",
};

}  // namespace compose::images
