"""One workload in CrypTen: a process a party, one thread each, gloo over loopback. Prints one line of JSON.

Bytes are those that the loopback device has sent, by all processes, divided by the parties: right in a network namespace of its own.
"""
import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
import traceback

import torch
import torch.multiprocessing as multiprocessing

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def sent():
    with open("/proc/net/dev") as devices:
        for line in devices:
            if line.strip().startswith("lo:"):
                return int(line.split(":")[1].split()[8])
    return 0


def measure(args, crypten, communicator):
    """Runs a workload as this party; the figures of the first."""
    import workloads

    torch.manual_seed(0)
    run, reference = workloads.get(args.workload)(crypten)
    times, wires = [], []
    with crypten.no_grad():
        for k in range(args.runs + 1):
            communicator.barrier()
            before = sent()
            communicator.barrier()
            start = time.perf_counter()
            result = run()
            communicator.barrier()
            took = time.perf_counter() - start
            time.sleep(0.02)
            after = sent()
            communicator.barrier()
            if k > 0:  # the first warms up
                times.append(took)
                wires.append(after - before)
        crypten.config.cfg.communicator.verbose = True
        communicator.reset_communication_stats()
        result = run()
        rounds = communicator.get_communication_stats()["rounds"]
        crypten.config.cfg.communicator.verbose = False
        # `decode` of 0.4.1 is off by exactly 1 for some negative values, so the integers are decoded here
        values = result.reveal().double() / result.encoder.scale
    return {
        "workload": args.workload,
        "parties": args.parties,
        "provider": args.provider,
        "seconds": statistics.median(times),
        "runs": len(times),
        "bytes_sent_per_party": int(statistics.median(wires) / args.parties),
        "rounds": int(rounds),
        "max_abs_err": float((values - reference.double()).abs().max()),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "version": f"CrypTen {crypten.__version__}, torch {torch.__version__}",
    }


def party(rank, args, rendezvous, figures):
    os.environ.update(
        WORLD_SIZE=str(args.parties), RANK=str(rank), RENDEZVOUS="file://" + rendezvous, DISTRIBUTED_BACKEND="gloo", GLOO_SOCKET_IFNAME="lo", OMP_NUM_THREADS="1"
    )
    torch.set_num_threads(1)
    try:
        import logging
        import warnings

        warnings.filterwarnings("ignore")
        logging.disable(logging.WARNING)
        import crypten

        crypten.config.cfg.mpc.provider = args.provider
        if rank == args.parties:  # the trusted dealer
            crypten.mpc.provider.TTPServer()
            return
        crypten.init()
        import crypten.communicator as communicator

        communicator = communicator.get()
        result = measure(args, crypten, communicator)
        if rank == 0:
            figures.put(result)
        communicator.barrier()
        if args.provider == "TTP" and rank == 0:
            communicator.send_obj("terminate", communicator.get_ttp_rank(), communicator.ttp_group)
        time.sleep(0.1)
        os._exit(0)
    except Exception:
        traceback.print_exc()
        if rank == 0:
            figures.put({"workload": args.workload, "error": traceback.format_exc().strip().splitlines()[-1]})
            time.sleep(0.5)
        os._exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload")
    parser.add_argument("--parties", type=int, default=2)
    parser.add_argument("--provider", default="TFP", choices=["TFP", "TTP"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=600)
    args = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    figures = context.SimpleQueue()
    rendezvous = os.path.join(tempfile.mkdtemp(prefix="crypten-"), "rendezvous")
    count = args.parties + (args.provider == "TTP")
    processes = [context.Process(target=party, args=(rank, args, rendezvous, figures)) for rank in range(count)]
    for process in processes:
        process.start()
    until, result = time.time() + args.timeout, None
    while result is None and time.time() < until:
        alive = processes[0].is_alive()
        if not figures.empty():
            result = figures.get()
        elif not alive:
            break
        else:
            time.sleep(0.05)
    print(json.dumps(result or {"workload": args.workload, "error": "it has not ended in time" if time.time() >= until else "its first party is gone"}), flush=True)
    for process in processes:
        process.join(2)
        if process.is_alive():
            process.kill()


if __name__ == "__main__":
    main()
