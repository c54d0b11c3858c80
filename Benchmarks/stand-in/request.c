// What a request says: its headers and the parameters of its query.
#include "stand_in.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *request_header(const struct request *request, const char *name) {
    size_t length = strlen(name);
    for (const char *line = request->head; line < request->head_end; line = strchr(line, '\n') + 1) {
        if (!strncasecmp(line, name, length) && line[length] == ':') {
            line += length + 1;
            return line + strspn(line, " ");
        }
    }
    return NULL;
}

void request_header_text(const struct request *request, const char *name, char *to, size_t size) {
    const char *value = request_header(request, name);
    size_t count = value ? strcspn(value, "\r") : 0;
    if (count >= size) count = size - 1;
    if (value) memcpy(to, value, count);
    to[count] = 0;
}

static int digit(char character) {
    if (character >= '0' && character <= '9') return character - '0';
    character |= 32;
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

void percent_decode(const char *from, size_t count, char *to, size_t size) {
    size_t made = 0;
    for (size_t index = 0; index < count && made + 1 < size; index++) {
        char byte = from[index];
        if (byte == '%' && index + 2 < count && digit(from[index + 1]) >= 0 && digit(from[index + 2]) >= 0) {
            byte = (char)(digit(from[index + 1]) << 4 | digit(from[index + 2]));
            index += 2;
        }
        to[made++] = byte;
    }
    to[made] = 0;
}

// The parameter's `name=value` or `name` in the query; NULL when it is not there.
static const char *parameter(const char *query, const char *name) {
    size_t length = strlen(name);
    for (const char *item = query; *item; item += strcspn(item, "&"), item += *item == '&')
        if (!strncmp(item, name, length) && strchr("=&", item[length])) return item;
    return NULL;
}

bool query_has(const char *query, const char *name) { return parameter(query, name) != NULL; }

void query_value(const char *query, const char *name, char *to, size_t size) {
    const char *item = parameter(query, name);
    to[0] = 0;
    if (!item || item[strlen(name)] != '=') return;
    item += strlen(name) + 1;
    percent_decode(item, strcspn(item, "&"), to, size);
}
