{{/* Paths are relative to this file: NATS includes nothing from elsewhere. */}}
{{- define "simfleet.natsConfiguration" -}}
server_name: {{ include "simfleet.part" (list . "nats") }}
listen: "0.0.0.0:4222"
# Without credentials, for probes and for the platform, which asks whether acknowledged means synced. A NetworkPolicy says who else may.
http: "0.0.0.0:8222"
max_payload: 8MB
jetstream {
  store_dir: "/data"
  # An acknowledged event is on the disk.
  sync_interval: always
}
include "secrets/auth.conf"
{{- if .Values.tls.enabled }}
tls {
  cert_file: "/etc/nats/secrets/tls.crt"
  key_file: "/etc/nats/secrets/tls.key"
}
{{- end }}
{{- end -}}
