{{/* 256 random bits as 43 letters of base64url. */}}
{{- define "simfleet.draw" -}}
{{ randBytes 32 | replace "+" "-" | replace "/" "_" | trimSuffix "=" }}
{{- end -}}

{{/* A password that was drawn before, else a new one: (list $ part). In base64. */}}
{{- define "simfleet.keptPassword" -}}
{{- $there := (lookup "v1" "Secret" (index . 0).Release.Namespace (include "simfleet.part" .)).data | default dict -}}
{{ get $there "password" | default (include "simfleet.draw" . | b64enc) }}
{{- end -}}
