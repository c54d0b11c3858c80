// Runs a program once and tells what it took, more exactly than an interpreter around it could: the program is started
// from a process of one megabyte, whose size cannot pass for the program's own.
//
//   measure RESULT-FILE PROGRAM ARGUMENT…
//
// The file gets one line of JSON. SIGTERM ends the program, which then has been measured all the same.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile pid_t child;

static void end_child(int signal) {
    (void)signal;
    if (child > 0) kill(child, SIGKILL);
}

static unsigned long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (unsigned long long)time.tv_sec * 1000000000 + (unsigned long long)time.tv_nsec;
}

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "measure RESULT-FILE PROGRAM ARGUMENT…\n");
        return 64;
    }
    FILE *result = fopen(arguments[1], "w");
    if (!result) {
        perror(arguments[1]);
        return 1;
    }
    signal(SIGTERM, end_child);
    unsigned long long started = now();
    child = fork();
    if (child < 0) {
        perror("fork");
        return 1;
    }
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGTERM, SIG_DFL);
        execvp(arguments[2], arguments + 2);
        perror(arguments[2]);
        _exit(127);
    }
    // Who runs this wants to know the process that is measured while it runs.
    fprintf(result, "{\"pid\":%d,\"started_at\":%llu", child, started);
    fflush(result);
    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {}
    fprintf(
        result,
        ",\"wall\":%.9f,\"user\":%.6f,\"system\":%.6f,\"peak_kib\":%ld,\"exit\":%d,\"signal\":%d}\n",
        (double)(now() - started) / 1e9, seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_maxrss,
        WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0
    );
    return fclose(result) ? 1 : 0;
}
