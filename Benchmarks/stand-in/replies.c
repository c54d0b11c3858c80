// Who asks for what, and what the services answer: for every table the same, with its own name.
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The export that every table has behind it; its manifest can be read.
#define OLD_EXPORT "01763690407622-efd1a093"

static struct buffer event, last_answer;
static unsigned long invocation;

// Copies the text value of a JSON member: what tables are called needs no escapes.
void json_text(const struct request *request, const char *name, char *to, size_t size) {
    char quoted[64];
    to[0] = 0;
    snprintf(quoted, sizeof quoted, "\"%s\"", name);
    const char *found = memmem(request->body, request->body_count, quoted, strlen(quoted));
    if (!found) return;
    const char *value = found + strlen(quoted);
    value += strspn(value, " :");
    if (*value != '"') return;
    size_t count = strcspn(++value, "\"");
    if (count >= size) count = size - 1;
    memcpy(to, value, count);
    to[count] = 0;
}

// The table of a request, by its name or by an ARN that holds it.
static void table_name(const struct request *request, char *to, size_t size) {
    char value[512] = "";
    static const char *const members[] = {"TableName", "TableArn", "ResourceArn", "ExportArn"};
    for (size_t index = 0; !value[0] && index < 4; index++)
        json_text(request, members[index], value, sizeof value);
    const char *name = strstr(value, ":table/");
    name = name ? name + 7 : value;
    size_t count = strcspn(name, "/");
    if (count >= size) count = size - 1;
    memcpy(to, name, count);
    to[count] = 0;
}

static void put(struct reply *reply, const char *template, const char *table) {
    for (const char *rest = template; *rest;) {
        const char *mark = strchrnul(rest, '@');
        buffer_append(&reply->body, rest, (size_t)(mark - rest));
        if (*mark) buffer_text(&reply->body, table);
        rest = *mark ? mark + 1 : mark;
    }
}

#define ARN "arn:aws:dynamodb:us-east-1:123456789012:table/@"

static const struct {
    const char *operation, *answer;
    int status;
} operations[] = {
    {"DynamoDB_20120810.DescribeTable",
     "{\"Table\":{\"AttributeDefinitions\":[{\"AttributeName\":\"customer\",\"AttributeType\":\"S\"},"
     "{\"AttributeName\":\"number\",\"AttributeType\":\"N\"}],\"BillingModeSummary\":{\"BillingMode\":"
     "\"PAY_PER_REQUEST\",\"LastUpdateToPayPerRequestDateTime\":1.700000000123E9},\"CreationDateTime\":"
     "1.700000000123E9,\"DeletionProtectionEnabled\":true,\"ItemCount\":123456,\"KeySchema\":[{\"AttributeName\":"
     "\"customer\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"number\",\"KeyType\":\"RANGE\"}],"
     "\"ProvisionedThroughput\":{\"NumberOfDecreasesToday\":0,\"ReadCapacityUnits\":0,\"WriteCapacityUnits\":0},"
     "\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"},"
     "\"LatestStreamArn\":\"" ARN "/stream/2026-01-01T00:00:00.000\",\"LatestStreamLabel\":"
     "\"2026-01-01T00:00:00.000\",\"TableArn\":\"" ARN "\",\"TableClassSummary\":{\"TableClass\":\"STANDARD\"},"
     "\"TableId\":\"12345678-1234-1234-1234-123456789012\",\"TableName\":\"@\",\"TableSizeBytes\":12345678,"
     "\"TableStatus\":\"ACTIVE\",\"WarmThroughput\":{\"ReadUnitsPerSecond\":12000,\"Status\":\"ACTIVE\","
     "\"WriteUnitsPerSecond\":4000}}}", 200},
    {"DynamoDB_20120810.DescribeTimeToLive",
     "{\"TimeToLiveDescription\":{\"AttributeName\":\"expires\",\"TimeToLiveStatus\":\"ENABLED\"}}", 200},
    {"DynamoDB_20120810.ListTagsOfResource",
     "{\"Tags\":[{\"Key\":\"team\",\"Value\":\"orders\"},{\"Key\":\"stage\",\"Value\":\"production\"}]}", 200},
    {"DynamoDB_20120810.DescribeContinuousBackups",
     "{\"ContinuousBackupsDescription\":{\"ContinuousBackupsStatus\":\"ENABLED\",\"PointInTimeRecoveryDescription\":"
     "{\"EarliestRestorableDateTime\":1.760000000E9,\"LatestRestorableDateTime\":1.763690000E9,"
     "\"PointInTimeRecoveryStatus\":\"ENABLED\",\"RecoveryPeriodInDays\":35}}}", 200},
    {"DynamoDB_20120810.DescribeKinesisStreamingDestination",
     "{\"KinesisDataStreamDestinations\":[],\"TableName\":\"@\"}", 200},
    {"DynamoDB_20120810.GetResourcePolicy",
     "{\"__type\":\"com.amazonaws.dynamodb.v20120810#PolicyNotFoundException\",\"message\":"
     "\"Resource-based policy not found for the provided ResourceArn: " ARN "\"}", 400},
    {"DynamoDB_20120810.DescribeContributorInsights",
     "{\"ContributorInsightsStatus\":\"DISABLED\",\"TableName\":\"@\"}", 200},
    {"AnyScaleFrontendService.DescribeScalableTargets", "{\"ScalableTargets\":[]}", 200},
    {"DynamoDB_20120810.ListExports",
     "{\"ExportSummaries\":[{\"ExportArn\":\"" ARN "/export/" OLD_EXPORT "\",\"ExportStatus\":\"COMPLETED\","
     "\"ExportType\":\"FULL_EXPORT\"}]}", 200},
};

static void json_service(const struct request *request, struct reply *reply) {
    char table[300];
    table_name(request, table, sizeof table);
    reply->is_aws = reply->has_checksum = true;
    if (tables_answer(request, table, reply)) return;
    for (size_t index = 0; index < sizeof operations / sizeof *operations; index++) {
        if (!strcmp(request->target, operations[index].operation)) {
            reply->status = operations[index].status;
            return put(reply, operations[index].answer, table);
        }
    }
    if (!strcmp(request->target, "DynamoDB_20120810.ExportTableToPointInTime")) {
        static _Atomic unsigned number;
        char token[128], bucket[128], prefix[512];
        json_text(request, "ClientToken", token, sizeof token);
        json_text(request, "S3Bucket", bucket, sizeof bucket);
        json_text(request, "S3Prefix", prefix, sizeof prefix);
        long long now = (long long)time(NULL);
        put(reply, "{\"ExportDescription\":{\"ExportArn\":\"" ARN "/export/", table);
        buffer_format(
            &reply->body,
            "%014lld-%08x\",\"ClientToken\":\"%s\",\"ExportFormat\":\"DYNAMODB_JSON\",\"ExportStatus\":\"IN_PROGRESS\","
            "\"ExportTime\":%lld.0,\"ExportType\":\"FULL_EXPORT\",\"S3Bucket\":\"%s\",\"S3Prefix\":\"%s\","
            "\"S3SseAlgorithm\":\"AES256\",\"StartTime\":%lld.5,",
            now * 1000, number++, token, now, bucket, prefix, now
        );
        return put(reply, "\"TableArn\":\"" ARN "\",\"TableId\":\"12345678-1234-1234-1234-123456789012\"}}", table);
    }
    reply->status = 400;
    put(reply, "{\"__type\":\"UnknownOperationException\"}", table);
}

// Of <bucket>/<prefix>/YYYY/MM/DD/<Table>/AWSDynamoDB/<ExportId>/manifest-summary.json.
static void manifest(const struct request *request, struct reply *reply) {
    char path[2048];
    char *parts[32] = {NULL}, *rest = path;
    size_t count = 0;
    snprintf(path, sizeof path, "%s", request->path);
    for (char *part; count < 32 && (part = strsep(&rest, "/"));) parts[count++] = part;
    if (count < 5 || strcmp(parts[count - 1], "manifest-summary.json")) {
        reply->status = 404;
        return put(reply, "<Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message></Error>", "");
    }
    const char *export = parts[count - 2], *table = parts[count - 4], *key = strchr(request->path + 1, '/') + 1;
    reply->content_type = "application/octet-stream";
    put(reply, "{\"version\":\"2020-06-30\",\"exportArn\":\"" ARN "/export/", table);
    buffer_format(
        &reply->body,
        "%s\",\"startTime\":\"2025-11-21T02:00:07.622Z\",\"endTime\":\"2025-11-21T02:05:10.000Z\",", export
    );
    put(reply, "\"tableArn\":\"" ARN "\",\"tableId\":\"12345678-1234-1234-1234-123456789012\",", table);
    buffer_format(
        &reply->body,
        "\"exportTime\":\"2025-11-21T02:00:07.622Z\",\"s3Bucket\":\"%s\",\"s3Prefix\":null,\"s3SseAlgorithm\":\"AES256\","
        "\"s3SseKmsKeyId\":null,\"manifestFilesS3Key\":\"%.*smanifest-files.json\",\"billedSizeBytes\":12345678,"
        "\"itemCount\":123456,\"outputFormat\":\"DYNAMODB_JSON\",\"exportType\":\"FULL_EXPORT\"}",
        parts[1], (int)(strrchr(key, '/') + 1 - key), key
    );
}

static void object_store(const struct request *request, struct reply *reply) {
    reply->is_aws = true;
    reply->content_type = "application/xml";
    snprintf(reply->headers, sizeof reply->headers, "x-amz-request-id: 4S5QGDJ3V1N7KQ0B\r\n"
             "x-amz-id-2: MHUm4dYQ0cKZ6uGmHb0vNfK6bCT2Jf1yQpI0Xv7cWw4C9kQ2=\r\n");
    char path[2048];
    percent_decode(request->path, strlen(request->path), path, sizeof path);
    char *key = strchr(path + 1, '/');
    if (key) *key++ = 0;
    struct bucket *bucket = bucket_named(path + 1);
    if (bucket) return objects_answer(request, bucket, key ? key : "", reply);
    if (!strcmp(request->method, "PUT")) {
        reply->content_type = "binary/octet-stream";
        strcat(reply->headers, "ETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n");
    } else if (strstr(request->query, "list-type=2")) {
        list_objects(bucket_of_backups(), request->query, reply);
    } else {
        manifest(request, reply);
    }
}

void lambda_event(struct reply *reply) {
    counts.events_left--;
    counts.last_event_at = (long)now_nanoseconds();
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(
        reply->headers, sizeof reply->headers,
        "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012lu\r\nLambda-Runtime-Deadline-Ms: %lld\r\n"
        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:Backup\r\n"
        "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n",
        invocation++, ((long long)now.tv_sec + 900) * 1000
    );
    reply->content_type = "application/json";
    buffer_append(&reply->body, event.bytes, event.count);
}

static void lambda_runtime(const struct request *request, struct reply *reply, const char *call) {
    reply->content_type = "application/json";
    if (!strcmp(call, "invocation/next")) {
        if (!counts.next_calls++) counts.first_next_at = (long)now_nanoseconds();
        reply->waits_for_event = true;
        return;
    }
    bool is_answer = strstr(call, "/response") != NULL;
    if (is_answer) counts.answers++;
    else counts.errors++;
    counts.last_answer_at = (long)now_nanoseconds();
    last_answer.count = 0;
    buffer_append(&last_answer, request->body, request->body_count);
    reply->status = 202;
    buffer_text(&reply->body, "{\"status\":\"OK\"}");
}

// What the benchmark itself asks: events for Lambda's /next, and what was counted.
static void control(const struct request *request, struct reply *reply, const char *call) {
    reply->content_type = "application/json";
    if (!strcmp(call, "events")) {
        event.count = 0;
        buffer_append(&event, request->body, request->body_count);
        counts.events_left = atol(request->query);
    } else if (!strcmp(call, "last-answer")) {
        buffer_append(&reply->body, last_answer.bytes, last_answer.count);
    } else {
        struct timespec cpu;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
#define COUNT(name) buffer_format(&reply->body, "\"" #name "\":%ld,", (long)counts.name);
        buffer_text(&reply->body, "{");
        COUNTS(COUNT)
        buffer_format(&reply->body, "\"cpu_nanoseconds\":%lld}", cpu.tv_sec * 1000000000LL + cpu.tv_nsec);
    }
}

void answer(const struct request *request, struct reply *reply) {
    static const char lambda[] = "/2018-06-01/runtime/", own[] = "/stand-in/", bytes[] = "/bytes/";
    if (!strncmp(request->path, lambda, sizeof lambda - 1))
        return lambda_runtime(request, reply, request->path + sizeof lambda - 1);
    if (!strncmp(request->path, own, sizeof own - 1)) return control(request, reply, request->path + sizeof own - 1);
    if (!strcmp(request->path, "/bytes")) return;
    if (!strncmp(request->path, bytes, sizeof bytes - 1)) {
        reply->content = (struct content){-1, 0, strtoull(request->path + sizeof bytes - 1, NULL, 10)};
        return;
    }
    if (!strcmp(request->path, "/small")) {
        for (int count = 0; count < 10; count++) buffer_text(&reply->body, "{\"an\":\"answer of 300 bytes...\"}");
        return;
    }
    if (request->target[0]) return json_service(request, reply);
    object_store(request, reply);
}
