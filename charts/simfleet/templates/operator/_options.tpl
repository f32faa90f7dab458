{{/* Options of the operator, as operator/src/config.ts has them. */}}
{{- define "simfleet.operatorOptions" -}}
{{- $shards := .Values.shards -}}
api-url: {{ include "simfleet.url" . }}
operator-token-file: /etc/simfleet/secrets/operator-token
bus-file: /etc/simfleet/secrets/bus
{{- if include "simfleet.hasTrust" . }}
ca-file: /etc/simfleet/trust/ca.crt
{{- end }}
runner-image: {{ include "simfleet.image" (list . $shards.image) | quote }}
runner-pull-policy: {{ $shards.image.pullPolicy }}
image-pull-secrets: {{ toJson $shards.image.pullSecrets }}
{{- $requests := dict -}}{{- range $name, $quantity := $shards.resources.requests -}}{{- $_ := set $requests $name (toString $quantity) -}}{{- end -}}
{{- $limits := dict -}}{{- range $name, $quantity := $shards.resources.limits -}}{{- $_ := set $limits $name (toString $quantity) -}}{{- end }}
shard-resources: {{ dict "requests" $requests "limits" $limits | toJson }}
lease-namespace: {{ .Release.Namespace }}
lease-name: {{ include "simfleet.part" (list . "operator") }}
host: 0.0.0.0
port: {{ .Values.operator.port }}
log-level: {{ .Values.logLevel }}
{{- with .Values.operator.options }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "simfleet.operatorSecrets" -}}
bus: [{{ include "simfleet.secret.bus" . }}, url]
operator-token: [{{ include "simfleet.secret.operator" . }}, token]
{{- end -}}
