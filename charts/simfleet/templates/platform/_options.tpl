{{/* Options of the platform, as docs/reference/configuration.md has them. Secrets are files. */}}
{{- define "simfleet.platformOptions" -}}
target: [jobs]
host: 0.0.0.0
port: {{ .Values.platform.port }}
{{- if .Values.platform.sockets.enabled }}
sockets-port: {{ .Values.platform.sockets.port }}
{{- else }}
sockets: 'off'
{{- end }}
storage-file: /etc/simfleet/secrets/storage
bus-file: /etc/simfleet/secrets/bus
{{- if .Values.nats.enabled }}
bus-monitor-url: http://{{ include "simfleet.host" (list . "nats") }}:8222
{{- else if .Values.nats.monitorUrl }}
bus-monitor-url: {{ .Values.nats.monitorUrl | quote }}
{{- end }}
{{- $limits := .Values.platform.rateLimits }}
{{- if not $limits.enabled }}
rate-limits: 'off'
{{- else if eq (include "simfleet.sharesLimits" .) "true" }}
rate-limits-file: /etc/simfleet/secrets/rate-limits
rate-limit-replicas: {{ ternary .Values.platform.autoscaling.maxReplicas .Values.platform.replicas .Values.platform.autoscaling.enabled }}
{{- end }}
{{- with $limits.trustedProxies }}
trusted-proxies: {{ toJson . }}
{{- end }}
admin-token-file: /etc/simfleet/secrets/admin-token
cursor-key-file: /etc/simfleet/secrets/cursor-keys
{{- if .Values.operator.enabled }}
operator-token-file: /etc/simfleet/secrets/operator-token
container-services: true
{{- end }}
{{- if .Values.tls.enabled }}
tls-cert-file: /etc/simfleet/secrets/tls.crt
tls-key-file: /etc/simfleet/secrets/tls.key
{{- end }}
drain-ms: {{ mul .Values.platform.drainSeconds 1000 }}
log-level: {{ .Values.logLevel }}
{{- with .Values.platform.options }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Whether replicas count limits together. */}}
{{- define "simfleet.sharesLimits" -}}
{{- $limits := .Values.platform.rateLimits -}}
{{- and $limits.enabled (or (ne $limits.url "") (ne $limits.existingSecret "")) -}}
{{- end -}}

{{/* Files of secrets of the platform: file → Secret and key. */}}
{{- define "simfleet.platformSecrets" -}}
storage: [{{ include "simfleet.secret.storage" . }}, url]
bus: [{{ include "simfleet.secret.bus" . }}, url]
{{- if eq (include "simfleet.sharesLimits" .) "true" }}
rate-limits: [{{ include "simfleet.secret.rateLimits" . }}, url]
{{- end }}
admin-token: [{{ include "simfleet.secret.admin" . }}, token]
cursor-keys: [{{ include "simfleet.secret.cursors" . }}, keys]
{{- if .Values.operator.enabled }}
operator-token: [{{ include "simfleet.secret.operator" . }}, token]
{{- end }}
{{- if .Values.tls.enabled }}
tls.crt: [{{ include "simfleet.secret.tls" . }}, tls.crt]
tls.key: [{{ include "simfleet.secret.tls" . }}, tls.key]
{{- end }}
{{- end -}}
