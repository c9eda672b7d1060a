#!/usr/bin/env bash
set -euo pipefail
# PHOCHO_URL = https://…/v1/callbacks/<source>, PHOCHO_SECRET = whsec_…
body=$(cat)
id="${PHOCHO_ID:-msg_$(openssl rand -hex 12)}"
timestamp="${PHOCHO_TIMESTAMP:-$(date +%s)}"
key=$(printf %s "${PHOCHO_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
signature=$(printf %s "$id.$timestamp.$body" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
printf %s "$body" | curl --silent --show-error --max-time 30 --data-binary @- \
  --header "content-type: ${PHOCHO_TYPE:-application/json}" \
  --header "webhook-id: $id" \
  --header "webhook-timestamp: $timestamp" \
  --header "webhook-signature: v1,$signature" \
  --write-out ' %{http_code}\n' "$PHOCHO_URL"
