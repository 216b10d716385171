/*
 * Preloaded into a program, counts the allocations of its first thread into the file named by
 * $SW_ALLOCATIONS: two 64-bit numbers, [0] those that the program's own code makes, [1] those of
 * the libraries that it calls.
 */
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): for dl_iterate_phdr()
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);                // NOLINT(bugprone-reserved-identifier)
extern void *__libc_calloc(size_t count, size_t bytes);  // NOLINT(bugprone-reserved-identifier)
extern void *__libc_realloc(void *memory, size_t bytes); // NOLINT(bugprone-reserved-identifier)

static volatile uint64_t *counts;
static uintptr_t program_first, program_end;

static int note_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            program_first = info->dlpi_addr + part->p_vaddr;
            program_end = program_first + part->p_memsz;
        }
    }
    return 1; // the first is the program
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("SW_ALLOCATIONS");
    int file = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0 || ftruncate(file, 4096) != 0) {
        return;
    }
    (void)dl_iterate_phdr(note_program, NULL);
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    counts = memory != MAP_FAILED ? memory : NULL;
}

static void count(const void *caller)
{
    if (counts != NULL && syscall(SYS_gettid) == getpid()) {
        uintptr_t from = (uintptr_t)caller;
        counts[from >= program_first && from < program_end ? 0 : 1]++;
    }
}

void *malloc(size_t bytes)
{
    count(__builtin_return_address(0));
    return __libc_malloc(bytes);
}

void *calloc(size_t number, size_t bytes)
{
    count(__builtin_return_address(0));
    return __libc_calloc(number, bytes);
}

void *realloc(void *memory, size_t bytes)
{
    count(__builtin_return_address(0));
    return __libc_realloc(memory, bytes);
}
