{{/* What no schema of single values can say. Each message names the values to change. */}}
{{- define "simfleet.validate" -}}
{{- $v := .Values -}}
{{- if and (not $v.nats.enabled) (not $v.nats.url) (not $v.nats.existingSecret) -}}
{{- fail "nats: with enabled: false give the url of a NATS server, or existingSecret with it" -}}
{{- end -}}
{{- if and $v.nats.enabled (or $v.nats.url $v.nats.existingSecret) -}}
{{- fail "nats: url and existingSecret are for a server elsewhere: set nats.enabled: false" -}}
{{- end -}}
{{- if and (not $v.database.enabled) (not $v.database.url) (not $v.database.existingSecret) -}}
{{- fail "database: with enabled: false give the url of a database, or existingSecret with it" -}}
{{- end -}}
{{- if and $v.database.enabled (or $v.database.url $v.database.existingSecret) -}}
{{- fail "database: url and existingSecret are for a server elsewhere: set database.enabled: false" -}}
{{- end -}}
{{- if and $v.database.url (ne (hasPrefix "postgres" $v.database.url) (eq $v.database.kind "postgresql")) -}}
{{- fail (printf "database: url does not fit kind: %s" $v.database.kind) -}}
{{- end -}}
{{- if and $v.platform.autoscaling.enabled (gt (int $v.platform.autoscaling.minReplicas) (int $v.platform.autoscaling.maxReplicas)) -}}
{{- fail "platform.autoscaling: minReplicas is above maxReplicas" -}}
{{- end -}}
{{- if and $v.platform.sockets.enabled (eq (int $v.platform.sockets.port) (int $v.platform.port)) -}}
{{- fail "platform.sockets: port is that of the API; choose another" -}}
{{- end -}}
{{- if and $v.platform.rateLimits.url $v.platform.rateLimits.existingSecret -}}
{{- fail "platform.rateLimits: give url or existingSecret, not both" -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.host) -}}
{{- fail "ingress: give the host by which the API is reached" -}}
{{- end -}}
{{- if and $v.tls.existingSecret (not $v.tls.enabled) -}}
{{- fail "tls: existingSecret is without effect while enabled is false" -}}
{{- end -}}
{{- if and $v.platform.url (ne (hasPrefix "https:" $v.platform.url) $v.tls.enabled) (not $v.ingress.enabled) -}}
{{- fail (printf "platform.url must begin with %s://, as tls.enabled says" (include "simfleet.scheme" .)) -}}
{{- end -}}
{{- range list "target" "data-dir" "host" "port" "sockets" "sockets-port" "rate-limits" "rate-limits-file" "trusted-proxies" "storage" "storage-file" "bus" "bus-file" "admin-token-file" "operator-token-file" "cursor-key-file" "tls-cert-file" "tls-key-file" "drain-ms" "log-level" "container-services" -}}
{{- if hasKey $v.platform.options . -}}
{{- fail (printf "platform.options: %s is the chart's own; change it by the other values" .) -}}
{{- end -}}
{{- end -}}
{{- range list "kubeconfig" "host" "port" "api-url" "bus" "bus-file" "operator-token-file" "ca-file" "runner-image" "runner-pull-policy" "image-pull-secrets" "shard-resources" "lease-namespace" "lease-name" "log-level" -}}
{{- if hasKey $v.operator.options . -}}
{{- fail (printf "operator.options: %s is the chart's own; change it by the other values" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
