"""A gRPC server for rehearse_grpc_test.sh, with the library for Python.

  grpc_server.py PORT FOLDER [CERTIFICATE KEY]

Writes FOLDER/api.pb, the descriptors of its service shop.Orders:
  Get    answers an order with its id; the id "slow" takes half a second
  Flaky  fails the first attempt of each call with UNAVAILABLE, and asks to wait 150 ms before the next
  Ticks  sends a tick every 10 ms, numbered from 1
  Burst  sends five ticks, numbered from 1, and ends
  Feed   sends a tick every 10 ms, numbered since the start of the server
and the health service, which knows the server and shop.Orders. FOLDER/calls.txt has one line for
each call: method, milliseconds until the deadline or "-", milliseconds since the last such call.
"""
import sys
import threading
import time
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

port, folder, *files = sys.argv[1:]
FIELD = descriptor_pb2.FieldDescriptorProto


def describe():
    api = descriptor_pb2.FileDescriptorProto(name='shop.proto', package='shop', syntax='proto3')

    def message(name, **fields):
        added = api.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), 1):
            added.field.add(name=field, number=number, type=kind, label=FIELD.LABEL_OPTIONAL)

    message('Order', id=FIELD.TYPE_STRING, count=FIELD.TYPE_INT64)
    message('Tick', seq=FIELD.TYPE_UINT64, text=FIELD.TYPE_STRING)
    service = api.service.add(name='Orders')
    for name, answer, streams in (('Get', 'Order', False), ('Flaky', 'Order', False), ('Ticks', 'Tick', True),
                                  ('Burst', 'Tick', True), ('Feed', 'Tick', True)):
        service.method.add(name=name, input_type='.shop.Order', output_type=f'.shop.{answer}', server_streaming=streams)
    with open(f'{folder}/api.pb', 'wb') as out:
        out.write(descriptor_pb2.FileDescriptorSet(file=[api]).SerializeToString())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(api)
    factory = message_factory.MessageFactory(pool)
    return [factory.GetPrototype(pool.FindMessageTypeByName(f'shop.{name}')) for name in ('Order', 'Tick')]


Order, Tick = describe()
lock = threading.Lock()
last_call = {}
began = time.monotonic()
calls = open(f'{folder}/calls.txt', 'w', buffering=1)


def note(method, context):
    left = context.time_remaining()
    with lock:
        now = time.monotonic()
        since = now - last_call.get(method, now)
        last_call[method] = now
        # grpcio reports a deadline years ahead where there is none.
        calls.write(f'{method} {"-" if left is None or left > 1e6 else int(1000 * left)} {int(1000 * since)}\n')


def get(order, context):
    note('Get', context)
    if order.id == 'slow':
        time.sleep(0.5)
    return Order(id=order.id, count=7)


def flaky_get(order, context):
    note('Flaky', context)
    if 'grpc-previous-rpc-attempts' not in dict(context.invocation_metadata()):
        context.set_trailing_metadata((('grpc-retry-pushback-ms', '150'),))
        context.abort(grpc.StatusCode.UNAVAILABLE, 'busy')
    return Order(id=order.id)


def ticks(order, context):
    note('Ticks', context)
    number = 0
    while context.is_active():
        number += 1
        yield Tick(seq=number, text=order.id)
        time.sleep(0.01)


def burst(order, context):
    note('Burst', context)
    for number in range(1, 6):
        yield Tick(seq=number, text=order.id)


def feed(order, context):
    note('Feed', context)

    def newest():
        return int(100 * (time.monotonic() - began))

    number = newest()
    while context.is_active():
        while number < newest():
            number += 1
            yield Tick(seq=number)
        time.sleep(0.01)


def known(request, context):
    if request not in (b'', b'\x0a\x0bshop.Orders'):
        context.abort(grpc.StatusCode.NOT_FOUND, 'unknown service')


def check(request, context):
    note('Check', context)
    known(request, context)
    return b'\x08\x01'


def watch(request, context):
    note('Watch', context)
    known(request, context)
    yield b'\x08\x01'
    while context.is_active():
        time.sleep(0.05)


def handler(make, function):
    return make(function, request_deserializer=Order.FromString, response_serializer=lambda m: m.SerializeToString())


unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=(
    ('grpc.http2.min_ping_interval_without_data_ms', 10), ('grpc.http2.max_ping_strikes', 0)))
server.add_generic_rpc_handlers((
    grpc.method_handlers_generic_handler('shop.Orders', {
        'Get': handler(unary, get), 'Flaky': handler(unary, flaky_get), 'Ticks': handler(stream, ticks),
        'Burst': handler(stream, burst), 'Feed': handler(stream, feed)}),
    grpc.method_handlers_generic_handler('grpc.health.v1.Health', {'Check': unary(check), 'Watch': stream(watch)})))
if files:
    certificate, key = (open(name, 'rb').read() for name in files)
    server.add_secure_port(f'127.0.0.1:{port}', grpc.ssl_server_credentials([(key, certificate)]))
else:
    server.add_insecure_port(f'127.0.0.1:{port}')
server.start()
server.wait_for_termination()
