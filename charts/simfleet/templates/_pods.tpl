{{/* What every pod of the chart has: restricted Pod Security, no credentials of the cluster unless it says so. */}}

{{/* Of the pod: (list $ uid). Mounted Secrets are the group's (0440), volumes too. */}}
{{- define "simfleet.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ index . 1 }}
runAsGroup: {{ index . 1 }}
fsGroup: {{ index . 1 }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* Of each container. */}}
{{- define "simfleet.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Labels and annotations of a pod: (list $ part values configuration). Without versions: what does not change is not restarted. */}}
{{- define "simfleet.podMetadata" -}}
labels:
  {{- include "simfleet.selector" . | nindent 2 }}
  app.kubernetes.io/part-of: simfleet
  {{- with (index . 2).podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  kubectl.kubernetes.io/default-container: {{ index . 1 }}
  {{- with index . 3 }}
  simfleet.dev/configuration: {{ . | sha256sum | trunc 16 }}
  {{- end }}
  {{- with (index . 2).podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/*
Where pods go, and how they see the network: (list $ part values image).
enableServiceLinks: a Service named simfleet would set SIMFLEET_PORT and the like, which are options of ours.
*/}}
{{- define "simfleet.placement" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- $values := index . 2 -}}
enableServiceLinks: false
{{- if $root.Values.hostNetwork }}
hostNetwork: true
dnsPolicy: ClusterFirstWithHostNet
{{- end }}
{{- with (index . 3).pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if $values.topologySpreadConstraints }}
  {{- toYaml $values.topologySpreadConstraints | nindent 2 }}
{{- else }}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "simfleet.selector" (list $root $part) | nindent 8 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Whether there are certificates to trust beside the public authorities. Empty = no. */}}
{{- define "simfleet.hasTrust" -}}
{{- if or .Values.tls.enabled .Values.tls.trust -}}yes{{- end -}}
{{- end -}}

{{/* Environment of a container that runs our code: (list $ values). */}}
{{- define "simfleet.environment" -}}
{{- if include "simfleet.hasTrust" (index . 0) -}}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/simfleet/trust/ca.crt }
{{- end }}
{{- with (index . 1).env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Files of a container that runs our code: volumes (list $ part secrets), secrets = map of file → list of Secret and key. */}}
{{- define "simfleet.volumes" -}}
{{- $root := index . 0 -}}
- name: options
  configMap: { name: {{ include "simfleet.part" (list $root (index . 1)) }} }
- name: trust
  configMap: { name: {{ include "simfleet.part" (list $root "trust") }} }
- name: secrets
  projected:
    # Less than 0440 is not possible: the files are root's, the pod's group reads them.
    defaultMode: 0440
    sources:
      {{- range $file, $source := index . 2 }}
      - secret: { name: {{ first $source }}, items: [{ key: {{ last $source }}, path: {{ $file }} }] }
      {{- end }}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- end -}}

{{- define "simfleet.volumeMounts" -}}
- { name: options, mountPath: /etc/simfleet/options, readOnly: true }
- { name: trust, mountPath: /etc/simfleet/trust, readOnly: true }
- { name: secrets, mountPath: /etc/simfleet/secrets, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- end -}}

{{/*
Probes of a process with our health routes, by its scheme. It has two minutes to start, in which it may migrate its database; a hang is noticed in 30 s.
Readiness is asked for often, since a replica that stops takes new connections for drainSeconds only.
*/}}
{{- define "simfleet.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: http, scheme: {{ . | upper }} }
  periodSeconds: 1
  failureThreshold: 120
readinessProbe:
  httpGet: { path: /readyz, port: http, scheme: {{ . | upper }} }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: { path: /healthz, port: http, scheme: {{ . | upper }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}

{{/* The one volume of a server: (list $ part persistence). Labels as of the selector, since a claim never changes. */}}
{{- define "simfleet.volumeClaim" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: data
    labels:
      {{- include "simfleet.selector" (list (index . 0) (index . 1)) | nindent 6 }}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with (index . 2).storageClassName }}
    storageClassName: {{ . }}
    {{- end }}
    resources: { requests: { storage: {{ (index . 2).size }} } }
{{- end -}}
