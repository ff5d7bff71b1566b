// Command control-plane is etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kubectl
// in one program: it is the one it is called as, so a symbolic link of that name is all each needs.
// Called as key-pair it writes a key and its own certificate for 127.0.0.1.
package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/client-go/util/cert"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

const ownerOnly = 0o600

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		run(apiserver.NewAPIServerCommand())
	case "kube-controller-manager":
		run(controllers.NewControllerManagerCommand())
	case "kube-scheduler":
		run(scheduler.NewSchedulerCommand())
	case "kubectl":
		run(kubectl.NewDefaultKubectlCommand())
	case "key-pair":
		run(keyPair())
	default:
		fmt.Fprintf(os.Stderr, "called as %q, which is none of the programs in here\n", name)
		os.Exit(2)
	}
}

func run(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

func keyPair() *cobra.Command {
	return &cobra.Command{
		Use:  "key-pair CERTIFICATE KEY",
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, paths []string) error {
			certificate, key, err := cert.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
			if err != nil {
				return err
			}
			if err := os.WriteFile(paths[1], key, ownerOnly); err != nil {
				return err
			}
			return os.WriteFile(paths[0], certificate, ownerOnly)
		},
	}
}
