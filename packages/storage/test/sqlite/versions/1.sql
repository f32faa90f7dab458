CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, last INTEGER NOT NULL) STRICT;
CREATE TABLE entries (at INTEGER PRIMARY KEY, stream INTEGER NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX entries_key ON entries (stream, key);
CREATE TABLE outbox (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     collection TEXT NOT NULL,
     document TEXT NOT NULL,
     source TEXT NOT NULL,
     event TEXT NOT NULL
   ) STRICT;
CREATE INDEX outbox_document ON outbox (collection, document);
CREATE TABLE collections (name TEXT PRIMARY KEY, declaration TEXT NOT NULL) STRICT;
CREATE TABLE "c_pages" (
      id TEXT PRIMARY KEY, version INTEGER NOT NULL, doc TEXT, labels TEXT
    , "f_customer" ANY, "f_title" ANY, "f_size" ANY) STRICT;
CREATE TABLE "l_pages" (
      key TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (key, value, id)
    ) STRICT, WITHOUT ROWID;
CREATE INDEX "i_pages_labels" ON "l_pages" (id);
CREATE INDEX "i_pages_title" ON "c_pages" ("f_title", id);
CREATE INDEX "i_pages_size" ON "c_pages" ("f_size", id);
CREATE INDEX "i_pages_customer_title" ON "c_pages" ("f_customer", "f_title", id);
CREATE INDEX "i_pages_customer_size" ON "c_pages" ("f_customer", "f_size", id);
INSERT INTO "streams" ("id", "name", "last") VALUES (1, 's', 2);
INSERT INTO "entries" ("at", "stream", "key", "data") VALUES (4294967298, 1, 'y', '{"a":"\u0000","z":[null]}');
INSERT INTO "outbox" ("seq", "collection", "document", "source", "event") VALUES (1, 'pages', 'a', '/pages/a', '{"specversion":"1.0","id":"a","source":"/pages/a","type":"dev.simfleet.shard.started.v1","time":"2026-01-02T03:04:05.678Z","customer":"acme","datacontenttype":"application/json","data":{"jobId":"a","customer":"acme","generation":1,"shard":0,"attempt":1},"sourceversion":1}');
INSERT INTO "outbox" ("seq", "collection", "document", "source", "event") VALUES (2, 'pages', 'gone', '/pages/gone', '{"specversion":"1.0","id":"gone","source":"/pages/gone","type":"dev.simfleet.shard.started.v1","time":"2026-01-02T03:04:05.678Z","customer":"acme","datacontenttype":"application/json","data":{"jobId":"gone","customer":"acme","generation":1,"shard":0,"attempt":1},"sourceversion":2}');
INSERT INTO "collections" ("name", "declaration") VALUES ('pages', '{"name":"pages","fields":{"customer":{"path":["customer"],"type":"text"},"title":{"path":["title"],"type":"text"},"size":{"path":["size"],"type":"integer64"}},"sorts":["title","size"]}');
INSERT INTO "c_pages" ("id", "version", "doc", "labels", "f_customer", "f_title", "f_size") VALUES ('b', 1, '{"customer":"zeta","title":"it''s 😀","size":"9","labels":{"tier":"x"}}', '[["tier","x"]]', 'zeta', 'it''s 😀', '09223372036854775817');
INSERT INTO "c_pages" ("id", "version", "doc", "labels", "f_customer", "f_title", "f_size") VALUES ('a', 2, '{"customer":"acme","title":null,"size":"18446744073709551615"}', NULL, 'acme', NULL, '27670116110564327423');
INSERT INTO "c_pages" ("id", "version", "doc", "labels", "f_customer", "f_title", "f_size") VALUES ('gone', 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "l_pages" ("key", "value", "id") VALUES ('tier', 'x', 'b');
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('outbox', 2);
PRAGMA user_version = 1;
