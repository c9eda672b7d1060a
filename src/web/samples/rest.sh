bash send.sh < notice.json
sed 's/TRY-1/TRY-2/' notice.json | bash send.sh
sed 's/TRY-1/TRY-3/; s/"content":"/&MBVCB.3278907687./' notice.json | bash send.sh
sed 's/TRY-1/TRY-4/; s/credited/debited/; s/"credit"/"debit"/' notice.json | bash send.sh
PHOCHO_SECRET="whsec_$(openssl rand -base64 32)" bash send.sh < notice.json
PHOCHO_TIMESTAMP=$(($(date +%s) - 600)) bash send.sh < notice.json
