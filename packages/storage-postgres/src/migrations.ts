/**
 * Each step brings the schema from the version of its index to the next; never edit one that was released. Tables of collections are made
 * when the collections are declared (`declare.ts`).
 */
export const migrations: readonly string[] = [
  `CREATE TABLE simfleet.collections (name text COLLATE "C" PRIMARY KEY, declaration text NOT NULL);

   CREATE TABLE simfleet.streams (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     name text COLLATE "C" NOT NULL UNIQUE,
     last bigint NOT NULL
   ) WITH (fillfactor = 50);

   -- Data is kept as text, not jsonb: it may hold U+0000 as an escape, and equal data is equal text.
   CREATE TABLE simfleet.entries (
     stream bigint NOT NULL,
     position bigint NOT NULL,
     key text COLLATE "C" NOT NULL,
     data text NOT NULL,
     PRIMARY KEY (stream, position),
     UNIQUE (stream, key)
   );

   -- The rows of a document that is gone are its tombstone: while there is one, its id is taken.
   CREATE TABLE simfleet.outbox (
     seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     collection text COLLATE "C" NOT NULL,
     document text COLLATE "C" NOT NULL,
     source text COLLATE "C" NOT NULL,
     event text NOT NULL
   ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
   CREATE INDEX outbox_document ON simfleet.outbox (collection, document);

   -- Run for each new row of a collection. Volatile, so that it sees what was committed while the insert waited for a delete of the same id.
   CREATE FUNCTION simfleet.refuse_taken(_collection text, _document text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
   BEGIN
     IF EXISTS (SELECT FROM simfleet.outbox WHERE collection = _collection AND document = _document) THEN
       RAISE EXCEPTION 'the id is taken by a tombstone' USING ERRCODE = 'SF002';
     END IF;
   END $$;

   -- From -2^63 to 2^64 - 1 as text that sorts as the number; null for other text.
   CREATE FUNCTION simfleet.ordered_integer(_text text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
     SELECT CASE WHEN _text ~ '^(0|-?[1-9][0-9]{0,19})$' AND _text::numeric BETWEEN -9223372036854775808 AND 18446744073709551615
       THEN lpad((_text::numeric + 9223372036854775808)::text, 20, '0') END
   $$;

   -- Milliseconds since 1970 of an RFC 3339 time, counted as JavaScript counts them; null for other text. PostgreSQL's own reading of times
   -- depends on settings, rounds instead of cutting off, and knows no year 0.
   CREATE FUNCTION simfleet.milliseconds(_text text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $$
   DECLARE
     _month int;
     _year int;
     _days bigint;
     _zone text;
     _minutes int := 0;
   BEGIN
     IF _text !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$' THEN
       RETURN NULL;
     END IF;
     _month := substr(_text, 6, 2)::int;
     -- Years that begin in March, and 400 more of them so that none is negative: http://howardhinnant.github.io/date_algorithms.html
     _year := substr(_text, 1, 4)::int + 400 - (_month <= 2)::int;
     _days := (_year / 400) * 146097 + (_year % 400) * 365 + (_year % 400) / 4 - (_year % 400) / 100
       + (153 * ((_month + 9) % 12) + 2) / 5 + substr(_text, 9, 2)::int - 1 - 719468 - 146097;
     IF right(_text, 1) <> 'Z' THEN
       _zone := right(_text, 6);
       _minutes := substr(_zone, 2, 2)::int * 60 + substr(_zone, 5, 2)::int;
       IF left(_zone, 1) = '-' THEN
         _minutes := -_minutes;
       END IF;
     END IF;
     RETURN _days * 86400000
       + (substr(_text, 12, 2)::int * 60 + substr(_text, 15, 2)::int - _minutes) * 60000::bigint
       + substr(_text, 18, 2)::int * 1000
       + rpad(coalesce(substring(_text FROM '[.]([0-9]{1,3})'), ''), 3, '0')::int;
   END $$;

   -- Positions of the entries; negative for those that were there already. The lock on the stream's row orders appends and makes positions
   -- visible in order, without gaps.
   CREATE FUNCTION simfleet.append(_stream text, _keys text[], _data text[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
   DECLARE
     _id bigint;
     _last bigint;
     _count int := cardinality(_keys);
     _positions bigint[] := '{}';
     _key text;
     _text text;
     _at bigint;
     _known text;
   BEGIN
     LOOP
       SELECT id, last INTO _id, _last FROM simfleet.streams WHERE name = _stream FOR UPDATE;
       EXIT WHEN FOUND;
       INSERT INTO simfleet.streams (name, last) VALUES (_stream, 0) ON CONFLICT (name) DO NOTHING;
     END LOOP;
     IF NOT EXISTS (SELECT FROM simfleet.entries WHERE stream = _id AND key = ANY (_keys))
       AND (SELECT count(DISTINCT asked.key COLLATE "C") FROM unnest(_keys) AS asked (key)) = _count THEN
       INSERT INTO simfleet.entries (stream, position, key, data)
         SELECT _id, _last + asked.n, asked.key, asked.data
         FROM unnest(_keys, _data) WITH ORDINALITY AS asked (key, data, n);
       UPDATE simfleet.streams SET last = _last + _count WHERE id = _id;
       RETURN ARRAY (SELECT generate_series(_last + 1, _last + _count));
     END IF;
     FOR _key, _text IN
       SELECT asked.key, asked.data FROM unnest(_keys, _data) WITH ORDINALITY AS asked (key, data, n) ORDER BY asked.n
     LOOP
       SELECT position, data INTO _at, _known FROM simfleet.entries WHERE stream = _id AND key = _key;
       IF NOT FOUND THEN
         _last := _last + 1;
         INSERT INTO simfleet.entries (stream, position, key, data) VALUES (_id, _last, _key, _text);
         _positions := _positions || _last;
       ELSIF _known = _text THEN
         _positions := _positions || -_at;
       ELSE
         RAISE EXCEPTION 'the key holds other data' USING ERRCODE = 'SF001', DETAIL = _key;
       END IF;
     END LOOP;
     UPDATE simfleet.streams SET last = _last WHERE id = _id AND last <> _last;
     RETURN _positions;
   END $$;

   -- Two statements, so that the second sees the entries of an append that the first waited for.
   CREATE FUNCTION simfleet.drop_stream(_stream text) RETURNS void LANGUAGE plpgsql AS $$
   DECLARE
     _id bigint;
   BEGIN
     DELETE FROM simfleet.streams WHERE name = _stream RETURNING id INTO _id;
     DELETE FROM simfleet.entries WHERE stream = _id;
   END $$;`,
];
