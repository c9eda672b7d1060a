#!/usr/bin/env bash
set -euo pipefail
# PHOCHO_URL = https://…/v1/callbacks/<source>, PHOCHO_KEY = the file of the private RSA key
body=$(cat)
id="${PHOCHO_ID:-msg_$(openssl rand -hex 12)}"
timestamp="${PHOCHO_TIMESTAMP:-$(date +%s)}"
signature=$(printf %s "$id.$timestamp.$body" |
  openssl dgst -sha256 -sign "$PHOCHO_KEY" -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:32 | openssl base64 -A)
printf %s "$body" | curl --silent --show-error --max-time 30 --data-binary @- \
  --header "content-type: ${PHOCHO_TYPE:-application/json}" \
  --header "webhook-id: $id" \
  --header "webhook-timestamp: $timestamp" \
  --header "webhook-signature: rsa-pss-sha256,$signature" \
  --write-out ' %{http_code}\n' "$PHOCHO_URL"
