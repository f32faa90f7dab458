{{/*
Certificates of the chart's own authority. Helm renders anew at every upgrade, so what is there is looked up and kept. ECDSA, ten years: renew by
deleting the Secret of a server (or of the authority, which renews them all) before an upgrade.
*/}}

{{/* Names in the certificate of a part: (list $ part more names). The hash of these tells whether a certificate that is there still fits. */}}
{{- define "simfleet.certificateNames" -}}
{{- $root := index . 0 -}}
{{- $name := include "simfleet.part" (list $root (index . 1)) -}}
{{- $namespace := $root.Release.Namespace -}}
{{- $names := list $name (printf "%s.%s" $name $namespace) (printf "%s.%s.svc" $name $namespace) (printf "%s.%s.svc.cluster.local" $name $namespace) "localhost" "127.0.0.1" -}}
{{- concat $names (index . 2) | toJson -}}
{{- end -}}

{{/* Secret of a server: (list $ part more-names authority renewed). */}}
{{- define "simfleet.serverCertificate" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- $authority := index . 3 -}}
{{- $name := printf "%s-tls" (include "simfleet.part" (list $root $part)) -}}
{{- $json := include "simfleet.certificateNames" (list $root $part (index . 2)) -}}
{{- $hash := $json | sha256sum | trunc 16 -}}
{{- $there := lookup "v1" "Secret" $root.Release.Namespace $name -}}
{{- $annotations := dig "metadata" "annotations" dict $there | default dict -}}
{{- $data := $there.data | default dict }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "simfleet.labels" (list $root $part) | nindent 4 }}
  annotations:
    simfleet.dev/names: {{ $hash }}
type: kubernetes.io/tls
data:
  {{- if and (not (index . 4)) (hasKey $data "tls.crt") (eq $hash (get $annotations "simfleet.dev/names")) }}
  {{- toYaml $data | nindent 2 }}
  {{- else }}
  {{- $addresses := list -}}
  {{- $names := list -}}
  {{- range fromJsonArray $json -}}
    {{- if regexMatch "^[0-9.]+$|:" . -}}{{- $addresses = append $addresses . -}}{{- else -}}{{- $names = append $names . -}}{{- end -}}
  {{- end -}}
  {{- $certificate := genSignedCertWithKey (first $names | trunc 63) $addresses $names 3650 $authority (genPrivateKey "ecdsa") }}
  tls.crt: {{ $certificate.Cert | b64enc }}
  tls.key: {{ $certificate.Key | b64enc }}
  # Both in one file, as MongoDB wants them.
  tls.pem: {{ print $certificate.Key $certificate.Cert | b64enc }}
  {{- end }}
{{- end -}}
