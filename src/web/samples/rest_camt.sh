bash send.sh < notice.xml
sed 's/TRY-1/TRY-2/' notice.xml | bash send.sh
sed 's/TRY-1/TRY-3/; s/<Ustrd>/&MBVCB.3278907687./' notice.xml | bash send.sh
sed 's/TRY-1/TRY-4/; s/CRDT/DBIT/' notice.xml | bash send.sh
PHOCHO_SECRET="whsec_$(openssl rand -base64 32)" bash send.sh < notice.xml
PHOCHO_TIMESTAMP=$(($(date +%s) - 600)) bash send.sh < notice.xml
