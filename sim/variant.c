#include "variant.h"

#include <string.h>

#include "load_value.h"
#include "yaml_patch.h"

#define SETS_MAX 32

struct sw_text sw_raw_step_name(const struct sw_yaml_node *node)
{
    const struct sw_yaml_node *name = sw_yaml_get(node, "step");
    return name != NULL && name->type == SW_YAML_SCALAR ? name->text : (struct sw_text){0};
}

static void suggest_step(const struct sw_raw_steps *raw, struct sw_text name, char *hint,
                         uint32_t bytes)
{
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < raw->count; i++) {
        sw_suggestion_offer(&suggestion, sw_raw_step_name(raw->steps[i].node));
    }
    if (sw_suggestion_hint(&suggestion, hint, bytes) == NULL) {
        hint[0] = '\0';
    }
}

static struct sw_raw_step *find_raw(struct sw_loader *loader, struct sw_raw_steps *raw,
                                    const struct sw_yaml_node *name)
{
    struct sw_text text = sw_load_text(loader, name, "step");
    for (uint32_t i = 0; i < raw->count; i++) {
        if (sw_text_equal(sw_raw_step_name(raw->steps[i].node), text)) {
            return &raw->steps[i];
        }
    }
    char hint[128];
    suggest_step(raw, text, hint, sizeof(hint));
    sw_report_error(loader->report, name->place, hint[0] != '\0' ? hint : NULL,
                    "no step \"%.*s\" in the scenario", SW_TEXT_FORMAT(text));
    return NULL;
}

static void drop_steps(struct sw_loader *loader, struct sw_raw_steps *raw,
                       const struct sw_yaml_node *drop)
{
    if (!sw_load_wants(loader, drop, SW_YAML_SEQUENCE, "drop")) {
        return;
    }
    for (uint32_t i = 0; i < drop->count; i++) {
        struct sw_raw_step *step = find_raw(loader, raw, drop->items[i]);
        if (step != NULL) {
            uint32_t after = raw->count - 1 - (uint32_t)(step - raw->steps);
            memmove(step, step + 1, after * sizeof(*step));
            raw->count--;
        }
    }
}

static void replace_steps(struct sw_loader *loader, struct sw_raw_steps *raw,
                          const struct sw_yaml_node *replace)
{
    if (!sw_load_wants(loader, replace, SW_YAML_MAPPING, "replace")) {
        return;
    }
    for (uint32_t i = 0; i < replace->count; i++) {
        struct sw_raw_step *step = find_raw(loader, raw, sw_yaml_key(replace, i));
        const struct sw_yaml_node *patch = sw_yaml_pair_value(replace, i);
        if (step != NULL && sw_load_wants(loader, patch, SW_YAML_MAPPING, "replace")) {
            step->node = sw_yaml_merge(&loader->scenario->arena, step->node, patch);
        }
    }
}

void sw_raw_append(struct sw_loader *loader, struct sw_raw_steps *raw, uint32_t storyline,
                   const struct sw_yaml_node *node)
{
    if (!sw_load_wants(loader, node, SW_YAML_MAPPING, "step")) {
        return;
    }
    if (raw->count == SW_SCENARIO_STEPS_MAX) {
        sw_report_error(loader->report, node->place, "use repeat", "more than %d steps",
                        SW_SCENARIO_STEPS_MAX);
        return;
    }
    raw->steps[raw->count++] = (struct sw_raw_step){storyline, node};
}

static uint32_t storyline_index(struct sw_loader *loader, const struct sw_yaml_node *node)
{
    if (node == NULL) {
        return 0;
    }
    struct sw_text name = sw_load_text(loader, node, "storyline");
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < loader->scenario->storyline_count; i++) {
        if (sw_text_equal(loader->storylines[i].name, name)) {
            return i;
        }
        sw_suggestion_offer(&suggestion, loader->storylines[i].name);
    }
    char hint[128];
    sw_report_error(loader->report, node->place,
                    sw_suggestion_hint(&suggestion, hint, sizeof(hint)), "no storyline \"%.*s\"",
                    SW_TEXT_FORMAT(name));
    return 0;
}

static void add_steps(struct sw_loader *loader, struct sw_raw_steps *raw,
                      const struct sw_yaml_node *add)
{
    if (!sw_load_wants(loader, add, SW_YAML_SEQUENCE, "add")) {
        return;
    }
    for (uint32_t i = 0; i < add->count; i++) {
        const struct sw_yaml_node *storyline = sw_yaml_get(add->items[i], "storyline");
        sw_raw_append(loader, raw, storyline_index(loader, storyline), add->items[i]);
    }
}

/* The variants that make up @variant. */
static void find_patches(struct sw_loader *loader, const struct sw_yaml_node *variants,
                         const struct sw_yaml_node *variant, struct sw_patches *patches)
{
    const struct sw_yaml_node *chain[SW_PATCHES_MAX];
    uint32_t count = 0;
    while (variant != NULL) {
        const struct sw_yaml_node *like = sw_yaml_get(variant, "like");
        if (count == SW_PATCHES_MAX) {
            sw_report_error(loader->report, variant->place, NULL,
                            "more than %d variants are like one another", SW_PATCHES_MAX);
            break;
        }
        chain[count++] = variant;
        variant = NULL;
        if (like != NULL && like->type == SW_YAML_SCALAR) {
            variant = sw_yaml_get(variants, like->text.bytes);
            if (variant == NULL) {
                sw_report_error(loader->report, like->place, NULL, "no variant \"%.*s\"",
                                SW_TEXT_FORMAT(like->text));
            }
        }
    }
    patches->count = count;
    for (uint32_t i = 0; i < count; i++) {
        patches->list[i] = chain[count - 1 - i];
    }
}

static void apply_patch(struct sw_loader *loader, struct sw_raw_steps *raw,
                        const struct sw_yaml_node *patch)
{
    const struct sw_yaml_node *part;
    if (!sw_load_wants(loader, patch, SW_YAML_MAPPING, "variant")) {
        return;
    }
    sw_load_check_keys(loader, patch, &sw_keys_variant);
    if ((part = sw_yaml_get(patch, "drop")) != NULL) {
        drop_steps(loader, raw, part);
    }
    if ((part = sw_yaml_get(patch, "replace")) != NULL) {
        replace_steps(loader, raw, part);
    }
    if ((part = sw_yaml_get(patch, "add")) != NULL) {
        add_steps(loader, raw, part);
    }
}

static void load_variant_list(struct sw_loader *loader, const struct sw_yaml_node *variants)
{
    struct sw_scenario_variant *list =
        sw_arena_alloc(&loader->scenario->arena, (variants->count + 1) * sizeof(list[0]));
    for (uint32_t i = 0; i < variants->count; i++) {
        const struct sw_yaml_node *about = sw_yaml_get(sw_yaml_pair_value(variants, i), "about");
        list[i].name = sw_load_name(loader, sw_yaml_key(variants, i), "variant");
        if (about != NULL) {
            list[i].about = sw_load_text(loader, about, "about");
        }
    }
    loader->scenario->variants = list;
    loader->scenario->variant_count = variants->count;
}

/* The mapping of the variant that is wanted; NULL when there are none. */
static const struct sw_yaml_node *choose_variant(struct sw_loader *loader,
                                                 const struct sw_yaml_node *variants)
{
    const char *wanted = loader->options->variant;
    struct sw_scenario *scenario = loader->scenario;
    if (variants != NULL && sw_load_wants(loader, variants, SW_YAML_MAPPING, "variants")) {
        load_variant_list(loader, variants);
    }
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, sw_text_from(wanted));
    for (uint32_t i = 0; i < scenario->variant_count; i++) {
        struct sw_text name = scenario->variants[i].name;
        if (wanted == NULL || sw_text_equal(name, sw_text_from(wanted))) {
            scenario->variant = name;
            return sw_yaml_pair_value(variants, i);
        }
        sw_suggestion_offer(&suggestion, name);
    }
    if (wanted != NULL) {
        char hint[128];
        sw_report_error(loader->report, loader->root->place,
                        sw_suggestion_hint(&suggestion, hint, sizeof(hint)),
                        "the scenario has no variant \"%s\"", wanted);
    }
    return NULL;
}

void sw_variant_choose(struct sw_loader *loader, struct sw_patches *patches)
{
    const struct sw_yaml_node *variants = sw_yaml_get(loader->root, "variants");
    find_patches(loader, variants, choose_variant(loader, variants), patches);
}

void sw_variant_apply(struct sw_loader *loader, const struct sw_patches *patches,
                      struct sw_raw_steps *raw)
{
    for (uint32_t i = 0; i < patches->count; i++) {
        apply_patch(loader, raw, patches->list[i]);
    }
}

const struct sw_yaml_node *sw_variant_value(struct sw_loader *loader, const char *key,
                                            const struct sw_patches *patches)
{
    const struct sw_yaml_node *value = sw_yaml_get(loader->root, key);
    for (uint32_t i = 0; i < patches->count; i++) {
        const struct sw_yaml_node *other = sw_yaml_get(patches->list[i], key);
        if (other == NULL) {
            continue;
        }
        bool merges = value != NULL && value->type == SW_YAML_MAPPING &&
                      other->type == SW_YAML_MAPPING &&
                      (strcmp(key, "expect") == 0 || strcmp(key, "automatic") == 0);
        value = merges ? sw_yaml_merge(&loader->scenario->arena, value, other) : other;
    }
    return value;
}

const struct sw_yaml_node *sw_variant_set(struct sw_loader *loader, struct sw_text name,
                                          const struct sw_yaml_node *node)
{
    for (uint32_t i = 0; i < loader->options->set_count && i < SETS_MAX; i++) {
        struct sw_text set = sw_text_from(loader->options->sets[i]);
        const char *equals = memchr(set.bytes, '=', set.length);
        const char *dot = memchr(set.bytes, '.', set.length);
        if (equals == NULL || dot == NULL || dot > equals ||
            !sw_text_equal((struct sw_text){set.bytes, (uint32_t)(dot - set.bytes)}, name)) {
            continue;
        }
        struct sw_text path = {dot + 1, (uint32_t)(equals - dot - 1)};
        struct sw_text value = sw_text_from(equals + 1);
        node = sw_yaml_with_value(&loader->scenario->arena, node, path,
                                  sw_arena_text(&loader->scenario->arena, value));
        loader->sets_used |= 1U << i;
    }
    return node;
}

void sw_variant_report_unused(struct sw_loader *loader)
{
    for (uint32_t i = 0; i < loader->options->set_count; i++) {
        if (i >= SETS_MAX || (loader->sets_used & (1U << i)) == 0) {
            sw_report_error(loader->report, loader->root->place,
                            "NAME.KEY=VALUE, where NAME is a step or a storyline",
                            "nothing to set by \"%s\"", loader->options->sets[i]);
        }
    }
}
