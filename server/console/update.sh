#!/bin/sh
# Fetches the console's third-party files again by npm, at these versions, and
# prints the lines that third_party/README.txt lists. Run it in this folder; then
# compare, look at the console in a browser, and run this package's tests.
# BUNDLED.txt lists what the bundles contain: check it by hand when a version changes.
set -eu

here=$(pwd)/third_party
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# take PACKAGE VERSION FOLDER FILE...
take() {
  package=$1 version=$2 folder=$3
  shift 3
  mkdir -p "$work/$folder" "$here/$folder"
  tarball=$(cd "$work/$folder" && npm pack --silent "$package@$version")
  tar -xzf "$work/$folder/$tarball" -C "$work/$folder"
  for file in "$@"; do
    install -m 0644 "$work/$folder/package/$file" "$here/$folder/$(basename "$file")"
  done
}

take graphiql 4.1.2 graphiql graphiql.min.js graphiql.min.css LICENSE
take react 18.2.0 react umd/react.production.min.js LICENSE
take react-dom 18.2.0 react-dom umd/react-dom.production.min.js LICENSE
take @graphiql/plugin-explorer 4.0.6 plugin-explorer dist/index.umd.js dist/style.css

# The plugin's package carries no licence text: it is GraphiQL's, from the same
# repository, and the one of the explorer inside it.
install -m 0644 "$here/graphiql/LICENSE" "$here/plugin-explorer/LICENSE"
take graphiql-explorer 0.9.0 explorer LICENSE
mv "$here/explorer/LICENSE" "$here/plugin-explorer/LICENSE.graphiql-explorer"
rmdir "$here/explorer"

cd "$here"
find . -type f ! -name README.txt | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum
