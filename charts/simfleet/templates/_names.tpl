{{/* Names, labels and addresses. Parts: platform, operator, nats, postgresql, mongodb, crds, tests. */}}

{{- define "simfleet.fullname" -}}
{{- $chart := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else if contains $chart .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $chart | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* Name of a part: (list $ "platform"). */}}
{{- define "simfleet.part" -}}
{{ include "simfleet.fullname" (index . 0) }}-{{ index . 1 }}
{{- end -}}

{{/* What selects the pods of a part: (list $ "platform"). Never changes over upgrades. */}}
{{- define "simfleet.selector" -}}
app.kubernetes.io/name: {{ default (index . 0).Chart.Name (index . 0).Values.nameOverride }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "simfleet.labels" -}}
{{ include "simfleet.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
app.kubernetes.io/part-of: simfleet
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Name, namespace and labels of a resource of a part: (list $ "platform"). */}}
{{- define "simfleet.metadata" -}}
name: {{ include "simfleet.part" . }}
namespace: {{ (index . 0).Release.Namespace }}
labels:
  {{- include "simfleet.labels" . | nindent 2 }}
{{- end -}}

{{/* Reference of an image: (list $ .Values.image). A digest counts before the tag. */}}
{{- define "simfleet.image" -}}
{{- $image := index . 1 -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default (index . 0).Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{/* Where a part of the release is reached from another one: (list $ "nats"). */}}
{{- define "simfleet.host" -}}
{{- if (index . 0).Values.hostNetwork -}}
127.0.0.1
{{- else -}}
{{ include "simfleet.part" . }}.{{ (index . 0).Release.Namespace }}.svc
{{- end -}}
{{- end -}}

{{- define "simfleet.scheme" -}}
{{ ternary "https" "http" .Values.tls.enabled }}
{{- end -}}

{{/* Where operator, shards and tests reach the API. */}}
{{- define "simfleet.url" -}}
{{- if .Values.platform.url -}}
{{ .Values.platform.url }}
{{- else -}}
{{ include "simfleet.scheme" . }}://{{ include "simfleet.host" (list . "platform") }}:{{ .Values.platform.port }}
{{- end -}}
{{- end -}}

{{/* Names of Secrets: the chart's own, or those that the values name. */}}
{{- define "simfleet.secret.admin" -}}
{{ default (include "simfleet.part" (list . "admin-token")) .Values.secrets.adminToken }}
{{- end -}}
{{- define "simfleet.secret.operator" -}}
{{ default (include "simfleet.part" (list . "operator-token")) .Values.secrets.operatorToken }}
{{- end -}}
{{- define "simfleet.secret.cursors" -}}
{{ default (include "simfleet.part" (list . "cursor-keys")) .Values.secrets.cursorKeys }}
{{- end -}}
{{- define "simfleet.secret.tls" -}}
{{ default (include "simfleet.part" (list . "platform-tls")) .Values.tls.existingSecret }}
{{- end -}}
{{- define "simfleet.secret.bus" -}}
{{- if .Values.nats.enabled -}}
{{ include "simfleet.part" (list . "nats-url") }}
{{- else -}}
{{ default (include "simfleet.part" (list . "nats-url")) .Values.nats.existingSecret }}
{{- end -}}
{{- end -}}
{{- define "simfleet.secret.rateLimits" -}}
{{ default (include "simfleet.part" (list . "rate-limits-url")) .Values.platform.rateLimits.existingSecret }}
{{- end -}}
{{- define "simfleet.secret.storage" -}}
{{- if .Values.database.enabled -}}
{{ include "simfleet.part" (list . "database-url") }}
{{- else -}}
{{ default (include "simfleet.part" (list . "database-url")) .Values.database.existingSecret }}
{{- end -}}
{{- end -}}
