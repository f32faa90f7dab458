package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

const finalizer = "simfleet.dev/job"

// sameWrites makes the writes of our operator for a job, in its order and of their size, without a platform: finalizer, Secret, child, a status with all
// conditions, and an Event as often as ours may (20 a second, 200 at once).
type sameWrites struct {
	reconciler
	events flowcontrol.RateLimiter
}

func newSameWrites(r reconciler) sameWrites {
	return sameWrites{reconciler: r, events: flowcontrol.NewTokenBucketRateLimiter(20, 200)}
}

func (r sameWrites) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	job := &SimulationJob{}
	if err := r.Get(ctx, request.NamespacedName, job); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if job.DeletionTimestamp != nil {
		return ctrl.Result{}, nil
	}
	before := job.DeepCopyObject().(*SimulationJob)
	if controllerutil.AddFinalizer(job, finalizer) {
		if err := r.Patch(ctx, job, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
			return ctrl.Result{}, err
		}
		err := r.Create(ctx, secretOf(job))
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return ctrl.Result{}, err
		}
	}
	if err := r.childHasShards(ctx, job, ptr.Deref(job.Spec.Shards, 1)); err != nil {
		return ctrl.Result{}, err
	}
	if job.Status.JobID != "" {
		return ctrl.Result{}, nil
	}
	before = job.DeepCopyObject().(*SimulationJob)
	job.Status = wholeStatus(job)
	if err := r.Status().Patch(ctx, job, client.MergeFrom(before)); err != nil {
		return ctrl.Result{}, err
	}
	if !r.events.TryAccept() {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{}, r.Create(ctx, eventOf(job))
}

func secretOf(job *SimulationJob) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:            job.Name + "-1-token",
			Namespace:       job.Namespace,
			Labels:          map[string]string{"app.kubernetes.io/managed-by": "peer"},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, groupVersion.WithKind("SimulationJob"))},
		},
		Type:      corev1.SecretTypeOpaque,
		Immutable: ptr.To(true),
		Data:      map[string][]byte{"token": []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")},
	}
}

func wholeStatus(job *SimulationJob) SimulationJobStatus {
	status := SimulationJobStatus{
		ObservedGeneration: job.Generation,
		JobID:              "job-" + string(job.UID),
		State:              "Queued",
		Run:                1,
		LastUpdatedTime:    ptr.To(metav1.NowMicro()),
		AccumulatedSeconds: ptr.To[int64](0),
		Counts:             &Counts{},
	}
	for _, each := range [][3]string{
		{"Accepted", "True", "Accepted"},
		{"Scheduled", "False", "Pending"},
		{"Running", "False", "Queued"},
		{"Suspended", "False", "NotSuspended"},
		{"PrecisionReached", "False", "NotRequested"},
		{"ThresholdCrossed", "False", "NotRequested"},
		{"Succeeded", "False", "NotFinished"},
		{"Failed", "False", "NotFinished"},
	} {
		meta.SetStatusCondition(&status.Conditions, metav1.Condition{
			Type:               each[0],
			Status:             metav1.ConditionStatus(each[1]),
			Reason:             each[2],
			ObservedGeneration: job.Generation,
		})
	}
	return status
}

func eventOf(job *SimulationJob) *eventsv1.Event {
	return &eventsv1.Event{
		ObjectMeta:          metav1.ObjectMeta{Name: fmt.Sprintf("%s.%s", job.Name, job.UID[:8]), Namespace: job.Namespace},
		EventTime:           metav1.NowMicro(),
		Type:                corev1.EventTypeNormal,
		Reason:              "Accepted",
		Action:              "Accept",
		Note:                "Accepted: the platform has the job",
		ReportingController: "simfleet.dev/peer",
		ReportingInstance:   "peer",
		Regarding: corev1.ObjectReference{
			APIVersion:      groupVersion.String(),
			Kind:            "SimulationJob",
			Name:            job.Name,
			Namespace:       job.Namespace,
			UID:             job.UID,
			ResourceVersion: job.ResourceVersion,
		},
	}
}
