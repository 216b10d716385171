/*
 * A filter of system calls: what is not on the list fails with EPERM. The list has what the C
 * library, OpenSSL and the sanitizers' runtimes call for memory, locks and time, and nothing that
 * opens, connects, starts or traces. Memory can be mapped, but none that can be executed, nor can a
 * mapping become so: mprotect() is not on the list.
 */
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): for close_range()
#include "sandbox.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <sharewatch/assert.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

#define DESCRIPTORS_MAX 1024 // closed one by one where the kernel cannot do it at once

static const int allowed[] = {
    SYS_read,        SYS_write,           SYS_recvfrom,     SYS_sendto,         SYS_pwrite64,
    SYS_fdatasync,   SYS_fsync,           SYS_exit,         SYS_exit_group,     SYS_brk,
    SYS_munmap,      SYS_mremap,          SYS_madvise,      SYS_futex,          SYS_clock_gettime,
    SYS_nanosleep,   SYS_clock_nanosleep, SYS_getpid,       SYS_gettid,         SYS_getrandom,
    SYS_sched_yield, SYS_sigaltstack,     SYS_rt_sigreturn, SYS_rt_sigprocmask,
};

#define ALLOWED_COUNT (sizeof(allowed) / sizeof(allowed[0]))

void sw_sandbox_begin(int last)
{
    struct rlimit none = {0, 0};
    if (close_range((unsigned)last + 1, ~0U, 0) != 0) {
        for (int i = last + 1; i < DESCRIPTORS_MAX; i++) {
            (void)close(i);
        }
    }
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static struct sock_filter statement(unsigned code, unsigned value)
{
    return (struct sock_filter){.code = (unsigned short)code, .k = value};
}

static struct sock_filter jump(unsigned value, size_t if_equal, size_t if_not)
{
    return (struct sock_filter){.code = BPF_JMP | BPF_JEQ | BPF_K,
                                .jt = (unsigned char)if_equal,
                                .jf = (unsigned char)if_not,
                                .k = value};
}

/* Both machines have the half of an argument that holds PROT_EXEC first. */
#define PROTECTION offsetof(struct seccomp_data, args[2])

bool sw_sandbox_close(void)
{
    struct sock_filter code[ALLOWED_COUNT + 9];
    struct rlimit none = {0, 0};
    size_t used = 0;
    code[used++] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    code[used++] = jump(ARCHITECTURE, 0, ALLOWED_COUNT + 2); // to the refusal
    code[used++] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    code[used++] = jump(SYS_mmap, ALLOWED_COUNT + 1, 0); // to its protection
    for (size_t i = 0; i < ALLOWED_COUNT; i++) {
        code[used++] = jump((unsigned)allowed[i], ALLOWED_COUNT + 3 - i, 0); // to the end
    }
    code[used++] = statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    code[used++] = statement(BPF_LD | BPF_W | BPF_ABS, PROTECTION);
    code[used++] =
        (struct sock_filter){.code = BPF_JMP | BPF_JSET | BPF_K, .jf = 1, .k = PROT_EXEC};
    code[used++] = statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    code[used++] = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    SW_ASSERT(used == sizeof(code) / sizeof(code[0]));
    struct sock_fprog program = {.len = (unsigned short)used, .filter = code};
    (void)setrlimit(RLIMIT_NOFILE, &none);
    return ARCHITECTURE != 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
