// A minimal reconciler on controller-runtime, to measure ours beside: each SimulationJob gets one Indexed Job that it owns and one write of its status;
// when its shards change, the child is patched. It talks to no platform, keeps no Secret and repairs nothing else. With --writes=same it writes what our operator writes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

type reconciler struct{ client.Client }

func (r reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	job := &SimulationJob{}
	if err := r.Get(ctx, request.NamespacedName, job); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if job.DeletionTimestamp != nil {
		return ctrl.Result{}, nil
	}
	if err := r.childHasShards(ctx, job, ptr.Deref(job.Spec.Shards, 1)); err != nil {
		return ctrl.Result{}, err
	}
	if !meta.SetStatusCondition(&job.Status.Conditions, metav1.Condition{
		Type:               "Accepted",
		Status:             metav1.ConditionTrue,
		ObservedGeneration: job.Generation,
		Reason:             "Accepted",
		Message:            "The child has been created",
	}) {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{}, r.Status().Update(ctx, job)
}

// childHasShards creates the child, or patches it when it has another number of shards.
func (r reconciler) childHasShards(ctx context.Context, job *SimulationJob, shards int32) error {
	child := &batchv1.Job{}
	err := r.Get(ctx, types.NamespacedName{Namespace: job.Namespace, Name: job.Name + "-1"}, child)
	if apierrors.IsNotFound(err) {
		err := r.Create(ctx, childOf(job, shards))
		if apierrors.IsAlreadyExists(err) {
			return nil // The cache has not seen it yet.
		}
		return err
	}
	if err != nil || ptr.Deref(child.Spec.Completions, 0) == shards {
		return err
	}
	before := client.MergeFrom(child.DeepCopy())
	child.Spec.Completions, child.Spec.Parallelism = &shards, &shards
	return r.Patch(ctx, child, before)
}

func run(workers int, writes string) error {
	config, err := ctrl.GetConfig() // of --kubeconfig
	if err != nil {
		return err
	}
	// No limit in the client: what the API server gives is measured.
	config.QPS = -1
	scheme := runtime.NewScheme()
	addToScheme(scheme)
	if err := errors.Join(batchv1.AddToScheme(scheme), corev1.AddToScheme(scheme), eventsv1.AddToScheme(scheme)); err != nil {
		return err
	}
	mgr, err := manager.New(config, manager.Options{Scheme: scheme, Metrics: server.Options{BindAddress: "0"}})
	if err != nil {
		return err
	}
	var chosen reconcile.Reconciler = reconciler{mgr.GetClient()}
	if writes == "same" {
		chosen = newSameWrites(reconciler{mgr.GetClient()})
	}
	err = ctrl.NewControllerManagedBy(mgr).
		For(&SimulationJob{}).
		Owns(&batchv1.Job{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(chosen)
	if err != nil {
		return err
	}
	err = mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		if mgr.GetCache().WaitForCacheSync(ctx) {
			fmt.Println("ready")
		}
		return nil
	}))
	if err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}

func main() {
	workers := flag.Int("workers", 8, "reconciles side by side")
	writes := flag.String("writes", "two", "two: one child, one status; same: those of our operator")
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	if err := run(*workers, *writes); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
