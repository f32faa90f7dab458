package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var groupVersion = schema.GroupVersion{Group: "simfleet.dev", Version: "v1alpha1"}

// SimulationJob has the members that a minimal reconciler needs, and no others: less to decode and to keep than the whole resource.
type SimulationJob struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   SimulationJobSpec   `json:"spec,omitempty"`
	Status SimulationJobStatus `json:"status,omitempty"`
}

type SimulationJobSpec struct {
	Shards *int32 `json:"shards,omitempty"`
}

type SimulationJobStatus struct {
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// Those that only sameWrites writes.
	ObservedGeneration int64             `json:"observedGeneration,omitempty"`
	JobID              string            `json:"jobId,omitempty"`
	State              string            `json:"state,omitempty"`
	Run                int64             `json:"run,omitempty"`
	LastUpdatedTime    *metav1.MicroTime `json:"lastUpdatedTime,omitempty"`
	AccumulatedSeconds *int64            `json:"accumulatedSeconds,omitempty"`
	Counts             *Counts           `json:"counts,omitempty"`
}

type Counts struct {
	Shards struct {
		Active    int64 `json:"active"`
		Succeeded int64 `json:"succeeded"`
		Failed    int64 `json:"failed"`
	} `json:"shards"`
	Blocks         int64 `json:"blocks"`
	BlocksReported int64 `json:"blocksReported"`
	Paths          int64 `json:"paths"`
}

type SimulationJobList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []SimulationJob `json:"items"`
}

func (in *SimulationJob) DeepCopyObject() runtime.Object {
	out := &SimulationJob{TypeMeta: in.TypeMeta}
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	if in.Spec.Shards != nil {
		shards := *in.Spec.Shards
		out.Spec.Shards = &shards
	}
	// What the others point to is never changed.
	out.Status = in.Status
	out.Status.Conditions = nil
	for _, condition := range in.Status.Conditions {
		out.Status.Conditions = append(out.Status.Conditions, *condition.DeepCopy())
	}
	return out
}

func (in *SimulationJobList) DeepCopyObject() runtime.Object {
	out := &SimulationJobList{TypeMeta: in.TypeMeta}
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	for i := range in.Items {
		out.Items = append(out.Items, *in.Items[i].DeepCopyObject().(*SimulationJob))
	}
	return out
}

func addToScheme(scheme *runtime.Scheme) {
	scheme.AddKnownTypes(groupVersion, &SimulationJob{}, &SimulationJobList{})
	metav1.AddToGroupVersion(scheme, groupVersion)
}
