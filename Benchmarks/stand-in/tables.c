// DynamoDB's calls on three tables: Source has all items, Copy has them too, Target has none at first and takes what is
// written. All are scanned in the same order, as DynamoDB's are, which go by hashes of the keys.
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES = 1 << 20, BATCH = 25 };

struct table {
    const char *name;
    struct presence presence;
    bool is_copy;
    char id;
};
static struct table tables[] = {
    {.name = "Source", .id = '1'},
    {.name = "Copy", .is_copy = true, .id = '2'},
    {.name = "Target", .id = '3'},
};

void tables_prepare(void) {
    if (!options.items) return;
    items_prepare();
    for (size_t index = 0; index < 3; index++)
        presence_make(&tables[index].presence, options.items, strcmp(tables[index].name, "Target"));
}

static bool is_different(const struct table *table, long index) {
    return table->is_copy && options.different_items && index % (options.items / options.different_items) == 0
        && index / (options.items / options.different_items) < options.different_items;
}

// So many of 1000, the same ones in every run: which of the calls meets them depends on the order of their arrival.
static bool is_chosen(_Atomic uint64_t *sequence, long permille) {
    if (!permille) return false;
    uint64_t mix = (atomic_fetch_add(sequence, 1) + 1) * 0x9e3779b97f4a7c15u;
    mix = (mix ^ mix >> 30) * 0xbf58476d1ce4e5b9u;
    mix = (mix ^ mix >> 27) * 0x94d049bb133111ebu;
    return (long)((mix ^ mix >> 31) % 1000) < permille;
}

static void json_error(struct reply *reply, const char *code, const char *message) {
    reply->status = 400;
    reply->body.count = 0;
    buffer_format(&reply->body, "{\"__type\":\"%s\",\"message\":\"%s\"}", code, message);
}
#define DYNAMODB "com.amazonaws.dynamodb.v20120810#"

static bool is_throttled(struct reply *reply) {
    static _Atomic uint64_t sequence;
    if (!is_chosen(&sequence, options.throttled_permille)) return false;
    counts.calls_throttled++;
    json_error(
        reply, DYNAMODB "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API."
    );
    return true;
}

// The member's value in a request's body, of any type; NULL when it is not there.
static const char *member(const struct request *request, const char *name) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", name);
    const char *found = memmem(request->body, request->body_count, quoted, strlen(quoted));
    if (!found) return NULL;
    found += strlen(quoted);
    return found + strspn(found, " :");
}

static long number(const struct request *request, const char *name, long otherwise) {
    const char *value = member(request, name);
    return value ? strtol(value, NULL, 10) : otherwise;
}

static void append_item(struct buffer *body, const struct table *table, long index, bool is_key_alone) {
    char *to = buffer_reserve(body, ITEM_BYTES);
    body->count += is_key_alone ? item_key_text(index, to) : item_text(index, is_different(table, index), to);
}

static void append_key(struct buffer *body, long index) {
    body->count += item_key_text(index, buffer_reserve(body, KEY_TEXT_BYTES));
}

static void capacity(const struct request *request, const struct table *table, double units, struct reply *reply) {
    const char *wanted = member(request, "ReturnConsumedCapacity");
    if (wanted && strncmp(wanted, "\"NONE", 5))
        buffer_format(
            &reply->body, "\"ConsumedCapacity\":{\"CapacityUnits\":%.1f,\"TableName\":\"%s\"},", units, table->name
        );
}

static void describe_table(const struct table *table, struct reply *reply) {
    long count = table->id == '3' ? counts.items_there : options.items;
    buffer_format(
        &reply->body,
        "{\"Table\":{\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},{\"AttributeName\":"
        "\"sk\",\"AttributeType\":\"N\"}],\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"},"
        "\"CreationDateTime\":1.700000000123E9,\"DeletionProtectionEnabled\":false,\"ItemCount\":%ld,\"KeySchema\":"
        "[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
        "\"ProvisionedThroughput\":{\"NumberOfDecreasesToday\":0,\"ReadCapacityUnits\":0,\"WriteCapacityUnits\":0},"
        "\"TableArn\":\"arn:aws:dynamodb:us-east-1:123456789012:table/%s\",\"TableId\":"
        "\"12345678-1234-1234-1234-12345678901%c\",\"TableName\":\"%s\",\"TableSizeBytes\":%ld,\"TableStatus\":"
        "\"ACTIVE\"}}",
        count, table->name, table->id, table->name, count * 400
    );
}

static void scan(const struct request *request, const struct table *table, struct reply *reply) {
    bool is_backwards = table->is_copy && options.reversed_copy;
    size_t page_bytes = table->is_copy && options.copy_page_bytes ? (size_t)options.copy_page_bytes : PAGE_BYTES;
    counts.scan_calls++;
    if (is_throttled(reply)) return;
    long segment = number(request, "Segment", 0), segments = number(request, "TotalSegments", 1);
    long limit = number(request, "Limit", options.items), end = options.items;
    if (segments < 1 || segment < 0 || segment >= segments || limit < 1)
        return json_error(reply, "com.amazon.coral.validate#ValidationException", "Segment, TotalSegments or Limit");
    // Positions are in the order of the scan.
    long position = end * segment / segments;
    end = end * (segment + 1) / segments;
    const char *after = member(request, "ExclusiveStartKey");
    if (after && *after == '{') {
        const char *stop = request->body + request->body_count;
        long index = item_index(after, json_skip(after, stop));
        if (index < 0) return json_error(reply, DYNAMODB "ValidationException", "ExclusiveStartKey");
        position = (is_backwards ? options.items - 1 - index : index) + 1;
    }
    const char *select = member(request, "Select");
    bool only_counts = select && !strncmp(select, "\"COUNT", 6);
    bool only_keys = member(request, "ProjectionExpression") != NULL;
    struct buffer *body = &reply->body;
    buffer_reserve(body, page_bytes + 8192);
    buffer_text(body, "{");
    capacity(request, table, 128.5, reply);
    size_t size = 0;
    long count = 0, last = -1;
    if (!only_counts) buffer_text(body, "\"Items\":[");
    for (; position < end && size < page_bytes && count < limit; position++) {
        long index = is_backwards ? options.items - 1 - position : position;
        if (!presence_has(&table->presence, index)) continue;
        if (count++ && !only_counts) buffer_text(body, ",");
        size_t before = body->count;
        append_item(body, table, index, only_keys);
        // What a page may hold is counted before the projection.
        size += only_keys ? 400 : body->count - before;
        if (only_counts) body->count = before;
        last = index;
    }
    if (!only_counts) buffer_text(body, "],");
    if (position < end && last >= 0) {
        buffer_text(body, "\"LastEvaluatedKey\":");
        append_key(body, last);
        buffer_text(body, ",");
    }
    buffer_format(body, "\"Count\":%ld,\"ScannedCount\":%ld}", count, count);
    counts.items_scanned += count;
}

// An item that arrives: it must be the source's, and there is no second one with the same key.
static void take_item(struct table *table, const char *item, const char *end) {
    char expected[ITEM_BYTES];
    long index = item_index(item, end);
    if (index < 0) {
        counts.items_unknown++;
        return;
    }
    size_t count = item_text(index, false, expected);
    if ((size_t)(end - item) != count || memcmp(item, expected, count))
        if (!is_same_json(item, (size_t)(end - item), expected, count)) counts.items_changed++;
    if (presence_add(&table->presence, index)) counts.items_put_again++;
    else if (table->id == '3') counts.items_there++;
}

static void remove_item(struct table *table, long index) {
    if (index < 0 || !presence_remove(&table->presence, index)) return;
    counts.items_deleted++;
    if (table->id == '3') counts.items_there--;
}

static const char *skip(const char *from, const char *end, char expected) {
    while (from < end && strchr(" \t\r\n", *from)) from++;
    return from < end && *from == expected ? from + 1 : NULL;
}

// Behind `"name":` and white space; NULL when something else is there.
static const char *skip_name(const char *from, const char *end, const char *name) {
    size_t count = strlen(name);
    while (from < end && strchr(" \t\r\n", *from)) from++;
    if ((size_t)(end - from) < count + 3 || *from != '"' || memcmp(from + 1, name, count) || from[count + 1] != '"')
        return NULL;
    from = skip(from + count + 2, end, ':');
    while (from && from < end && strchr(" \t\r\n", *from)) from++;
    return from;
}

// {"PutRequest":{"Item":{…}}} or {"DeleteRequest":{"Key":{…}}}; returns what is behind, NULL when it is neither.
static const char *take_write(
    struct table *table, const char *from, const char *end, struct buffer *unprocessed
) {
    static _Atomic uint64_t sequence;
    const char *begin = from, *value;
    if (!(from = skip(from, end, '{'))) return NULL;
    bool is_put = true;
    value = skip_name(from, end, "PutRequest");
    if (!value && (value = skip_name(from, end, "DeleteRequest"))) is_put = false;
    if (!value || !(value = skip(value, end, '{'))) return NULL;
    if (!(value = skip_name(value, end, is_put ? "Item" : "Key"))) return NULL;
    const char *behind = json_skip(value, end);
    const char *close = skip(behind, end, '}');
    if (!close || !(close = skip(close, end, '}'))) return NULL;
    if (is_chosen(&sequence, options.unprocessed_permille)) {
        counts.items_unprocessed++;
        if (unprocessed->count) buffer_text(unprocessed, ",");
        buffer_append(unprocessed, begin, (size_t)(close - begin));
    } else if (is_put) {
        take_item(table, value, behind);
    } else {
        remove_item(table, item_index(value, behind));
    }
    return close;
}

static void batch_write_item(const struct request *request, struct table *table, struct reply *reply) {
    static _Thread_local struct buffer unprocessed;
    counts.batch_write_calls++;
    if (is_throttled(reply)) return;
    unprocessed.count = 0;
    const char *end = request->body + request->body_count, *from = member(request, table->name);
    from = from ? skip(from, end, '[') : NULL;
    long count = 0;
    while (from) {
        from = take_write(table, from, end, &unprocessed);
        if (!from) break;
        count++;
        if (skip(from, end, ']')) break;
        from = skip(from, end, ',');
    }
    if (!from || !count || count > BATCH)
        return json_error(reply, DYNAMODB "ValidationException", "1 to 25 requests for one table are taken here");
    buffer_text(&reply->body, "{");
    const char *wanted = member(request, "ReturnConsumedCapacity");
    if (wanted && strncmp(wanted, "\"NONE", 5))
        buffer_format(
            &reply->body, "\"ConsumedCapacity\":[{\"CapacityUnits\":%ld.0,\"TableName\":\"%s\"}],", count, table->name
        );
    buffer_text(&reply->body, "\"UnprocessedItems\":{");
    if (unprocessed.count) {
        buffer_format(&reply->body, "\"%s\":[", table->name);
        buffer_append(&reply->body, unprocessed.bytes, unprocessed.count);
        buffer_text(&reply->body, "]");
    }
    buffer_text(&reply->body, "}}");
}

// Conditions are taken for what they most often are: attribute_not_exists holds when the item is not there, all others
// when it is.
static void put_or_delete(const struct request *request, struct table *table, bool is_put, struct reply *reply) {
    const char *end = request->body + request->body_count, *value = member(request, is_put ? "Item" : "Key");
    if (is_put) counts.put_item_calls++;
    else counts.delete_item_calls++;
    if (is_throttled(reply)) return;
    if (!value) return json_error(reply, DYNAMODB "ValidationException", "no Item or Key");
    const char *behind = json_skip(value, end);
    long index = item_index(value, behind);
    const char *condition = member(request, "ConditionExpression");
    if (condition && presence_has(&table->presence, index) == !strncmp(condition, "\"attribute_not_exists", 21)) {
        json_error(reply, DYNAMODB "ConditionalCheckFailedException", "The conditional request failed");
        if (member(request, "ReturnValuesOnConditionCheckFailure") && presence_has(&table->presence, index)) {
            reply->body.count--;
            buffer_text(&reply->body, ",\"Item\":");
            append_item(&reply->body, table, index, false);
            buffer_text(&reply->body, "}");
        }
        return;
    }
    if (is_put) take_item(table, value, behind);
    else remove_item(table, index);
    buffer_text(&reply->body, "{}");
}

static void get_item(const struct request *request, const struct table *table, struct reply *reply) {
    const char *key = member(request, "Key");
    counts.get_item_calls++;
    long index = key ? item_index(key, request->body + request->body_count) : -1;
    buffer_text(&reply->body, "{");
    if (presence_has(&table->presence, index)) {
        buffer_text(&reply->body, "\"Item\":");
        append_item(&reply->body, table, index, false);
    }
    buffer_text(&reply->body, "}");
}

static void batch_get_item(const struct request *request, const struct table *table, struct reply *reply) {
    const char *end = request->body + request->body_count, *keys = member(request, "Keys");
    keys = keys ? skip(keys, end, '[') : NULL;
    counts.get_item_calls++;
    if (!keys) return json_error(reply, DYNAMODB "ValidationException", "no Keys");
    buffer_format(&reply->body, "{\"Responses\":{\"%s\":[", table->name);
    for (long found = 0; keys && keys < end;) {
        const char *behind = json_skip(keys, end);
        long index = item_index(keys, behind);
        if (presence_has(&table->presence, index)) {
            if (found++) buffer_text(&reply->body, ",");
            append_item(&reply->body, table, index, false);
        }
        keys = skip(behind, end, ',');
    }
    buffer_text(&reply->body, "]},\"UnprocessedKeys\":{}}");
}

bool tables_answer(const struct request *request, const char *name, struct reply *reply) {
    if (!options.items) return false;
    static const char service[] = "DynamoDB_20120810.";
    if (strncmp(request->target, service, sizeof service - 1)) return false;
    const char *operation = request->target + sizeof service - 1;
    bool is_batch = !strncmp(operation, "Batch", 5);
    struct table *table = NULL;
    for (size_t index = 0; index < 3; index++)
        if (is_batch ? member(request, tables[index].name) != NULL : !strcmp(name, tables[index].name))
            table = &tables[index];
    if (!table) return false;
    if (!strcmp(operation, "BatchWriteItem")) batch_write_item(request, table, reply);
    else if (!strcmp(operation, "Scan")) scan(request, table, reply);
    else if (!strcmp(operation, "DescribeTable")) describe_table(table, reply);
    else if (!strcmp(operation, "PutItem")) put_or_delete(request, table, true, reply);
    else if (!strcmp(operation, "DeleteItem")) put_or_delete(request, table, false, reply);
    else if (!strcmp(operation, "GetItem")) get_item(request, table, reply);
    else if (!strcmp(operation, "BatchGetItem")) batch_get_item(request, table, reply);
    else return false;
    return true;
}
