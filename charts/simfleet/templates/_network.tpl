{{/* Pieces of NetworkPolicies. */}}

{{/* The pods of a part: (list $ part). */}}
{{- define "simfleet.peer" -}}
- podSelector:
    matchLabels:
      {{- include "simfleet.selector" . | nindent 6 }}
{{- end -}}

{{- define "simfleet.toDns" -}}
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
{{- end -}}

{{/* Out to a part of the release: (list $ part port). */}}
{{- define "simfleet.toPart" -}}
- to:
    {{- include "simfleet.peer" (list (index . 0) (index . 1)) | nindent 4 }}
  ports: [{ port: {{ index . 2 }}, protocol: TCP }]
{{- end -}}

{{/* Out to ports anywhere: what lies outside of the cluster has no labels. */}}
{{- define "simfleet.toPorts" -}}
- ports:
    {{- range . }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
{{- end -}}

{{/* Out to the database and NATS, as far as platform and operator need them: (list $ with-database). */}}
{{- define "simfleet.toBacking" -}}
{{- $root := index . 0 -}}
{{- $database := $root.Values.database -}}
{{- include "simfleet.toDns" $root }}
{{- if $root.Values.nats.enabled }}
{{ include "simfleet.toPart" (list $root "nats" 4222) }}
{{- end }}
{{- if and (index . 1) $database.enabled }}
{{ include "simfleet.toPart" (list $root $database.kind (ternary 5432 27017 (eq $database.kind "postgresql"))) }}
{{- end }}
{{- if or (not $root.Values.nats.enabled) (and (index . 1) (not $database.enabled)) }}
{{ include "simfleet.toPorts" $root.Values.networkPolicy.externalPorts }}
{{- end }}
{{- end -}}
