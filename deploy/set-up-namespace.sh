#!/bin/sh
# Makes the namespace with its retention and the search attributes of regionlink, then waits until they can be searched by. Run again it sets the retention and
# adds what is missing. Takes TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, RETENTION (as 720h) and all that the `temporal` command reads.
# The rule: the names and types are those of SEARCH_ATTRIBUTES in src/workflows/protocol.ts; a test compares them.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}
retention=${RETENTION:-720h}
# In seconds, for each of the two waits.
limit=${LIMIT:-120}

# until_works WHAT COMMAND...: tries until it succeeds; its last words are told where it does not.
until_works() {
  what=$1
  shift
  left=$limit
  until said=$("$@" 2>&1); do
    if [ "$left" -le 0 ]; then
      echo "$what: not within $limit s: $said" >&2
      exit 1
    fi
    left=$((left - 1))
    sleep 1
  done
}

until_works 'Temporal' temporal operator cluster health

if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$namespace" --retention "$retention"
else
  temporal operator namespace create --namespace "$namespace" --retention "$retention"
fi

while read -r name type; do
  until_works "$name" temporal operator search-attribute create --namespace "$namespace" --name "$name" --type "$type"
done <<EOF
VpnName Keyword
VpnPhase Keyword
VpnRegions KeywordList
EOF

# A server takes up to a minute to know them; a worker that starts before is refused them.
until_works 'search attributes' temporal workflow list --namespace "$namespace" --limit 1 \
  --query "VpnName = 'none' AND VpnPhase = 'none' AND VpnRegions = 'none'"
echo "namespace $namespace is ready: retention $retention"
