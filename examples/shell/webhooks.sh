#!/usr/bin/env bash
# The whole loop by hand: a workflow ends, its event comes in signed, goes out signed, the
# application tells that the user knows, and the evaluator says what became of the job; then the
# same with the application down, and a delivery that is sent again.
#
#   PATH=build/release/bin:$PATH examples/shell/webhooks.sh
set -euo pipefail

here=$(mktemp -d)
cd "$here"
JOBQUEUE_DB=sqlite:jobs.db
JOBQUEUE_WEBHOOK_SECRET=$(head -c 24 /dev/urandom | base64)
export JOBQUEUE_DB JOBQUEUE_WEBHOOK_SECRET
server=

# serve NAME=VALUE...: starts the service again on the same port.
serve() {
  stop
  env "$@" JOBQUEUE_EVERY=1s JOBQUEUE_ALLOW=127.0.0.1 JOBQUEUE_WEBHOOK_SCHEDULE=1s \
    jobqueue serve --listen "127.0.0.1:${port:-0}" >serve.txt &
  server=$!
  until grep --quiet listening serve.txt; do sleep 0.1; done
  url=$(sed 's/^listening on //' serve.txt)
  port=${url##*:}
}
stop() {
  [[ -n $server ]] || return 0
  kill "$server"
  wait "$server" || true
  server=
}
trap 'stop; rm -rf "$here"' EXIT

# complete WORKFLOW: what a queue sends when a workflow is done.
complete() {
  printf '{"event_type":"workflow_completed","event_id":"evt_%s",' "$1" >event.json
  printf '"data":{"workflow_id":"%s","output":"u"}}' "$1" >>event.json
  curl --silent --fail --header "$(jobqueue sign --scheme jobqueue \
    --secret-env JOBQUEUE_WEBHOOK_SECRET event.json)" --data-binary @event.json \
    "$url/api/webhook/workflow-completed"
}

# wait_for WORKFLOW FILTER...: until the job is found so.
wait_for() {
  local workflow=$1
  shift
  until jobqueue jobs --json "$@" | grep --quiet "\"id\":\"$workflow\""; do sleep 0.2; done
  echo "$workflow: $*"
}

jobqueue migrate
printf '{"id":"w1","status":"processing"}\n{"id":"w2","status":"processing"}\n' | jobqueue import -

serve JOBQUEUE_MOCK_APPLICATION=true
jobqueue webhook add "$url/miniapp-gen-mock" --id app --scheme jobqueue \
  --secret-env JOBQUEUE_WEBHOOK_SECRET
complete w1
wait_for w1 --category complete

# Without the application nobody takes the webhook, and the user is not told.
serve JOBQUEUE_MOCK_APPLICATION=false
complete w2
wait_for w2 --problem notification_failed
jobqueue webhook deliveries --state dead

serve JOBQUEUE_MOCK_APPLICATION=true
jobqueue webhook redrive --all-dead
wait_for w2 --category complete
jobqueue forensics w2
