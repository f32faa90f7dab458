{{/* Whether ServiceMonitors are made: asked for, or "auto" and known to the cluster. Empty = no. */}}
{{- define "simfleet.monitored" -}}
{{- $enabled := .Values.serviceMonitor.enabled -}}
{{- if kindIs "string" $enabled -}}
{{- if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" -}}yes{{- end -}}
{{- else if $enabled -}}yes{{- end -}}
{{- end -}}
